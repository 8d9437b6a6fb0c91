import { createControlApp } from '../../packages/api/src/control-app.ts';
import { createGatewayApp } from '../../packages/api/src/gateway-app.ts';
import { createIngressApp } from '../../packages/api/src/ingress-app.ts';
import { openApiDocument } from '../../packages/api/src/openapi/document.ts';
import { type Operation, operationsOf } from '../../packages/api/src/openapi/operations.ts';
import { createLog } from '../../packages/runtime/src/log.ts';
import { openPool } from '../../packages/store/src/pool.ts';

/** The routes of every service with an API, and what keeps a route out of the document. Nothing is connected to. */
export async function apiOperations(): Promise<{ operations: Operation[]; undescribed: string[] }> {
  const pool = openPool({ databaseUrl: 'postgres://nobody@127.0.0.1:1/nothing', schema: 'nothing' });
  const log = createLog('docs', 'silent');
  const apps = [
    createIngressApp({ pool, log, enqueue: () => undefined, queueReachable: () => true }),
    createControlApp({ pool, log, ingressUrl: 'http://localhost:8080', sandboxViewer: false }),
    createGatewayApp({ pool, log, receivers: new Map() }),
  ];
  const parts = apps.map(operationsOf);
  await pool.end();
  const operations = new Map(
    parts.flatMap((part) => part.operations).map((operation) => [`${operation.method} ${operation.path}`, operation]),
  );
  return { operations: [...operations.values()], undescribed: parts.flatMap((part) => part.undescribed) };
}

/** docs/openapi.json: the whole API, of all services, in one document. */
export async function openApiText(): Promise<string> {
  return `${JSON.stringify(openApiDocument((await apiOperations()).operations), null, 2)}\n`;
}
