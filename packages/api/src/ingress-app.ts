import type { RequestListener } from 'node:http';
import { type Admit, createAuthenticator, type Enqueue, type VerifyToken } from '@outrigger/pipeline';
import { addHealthRoutes, createApp, finishApp, type Log } from '@outrigger/runtime';
import type { HoldBack, Pool } from '@outrigger/store';
import type { Express } from 'express';
import { audienceExecutionRoutes } from './audience-execution-routes.ts';
import { mount } from './describe.ts';
import { executionRoutes } from './execution-routes.ts';
import { healthRoute } from './health-route.ts';
import { addOpenApiRoutes } from './openapi/routes.ts';
import { withShortcuts } from './shortcuts.ts';
import { triggerRoutes } from './trigger-routes.ts';

/** What the ingress serves: the trigger API, the accounts of executions, and its health. */
export function createIngressApp(deps: {
  pool: Pool;
  enqueue: Enqueue;
  log: Log;
  queueReachable(): boolean;
  /** Checks bearer tokens, where an issuer is configured. */
  verifyToken?: VerifyToken | undefined;
  /** Turns calls away when too much waits; without it every call is taken. */
  admit?: Admit;
  /** Whether the queue has enough of a tenant and lane for now; without it every batch is enqueued at once. */
  holdBack?: HoldBack;
}): Express {
  const { pool, log, admit = () => undefined } = deps;
  const ledger = { name: 'postgres', check: () => pool.query('SELECT 1') };
  const queue = { name: 'queue', check: async () => deps.queueReachable() || Promise.reject(new Error('away')) };
  const authenticate = createAuthenticator(pool, deps.verifyToken);
  const app = createApp();
  // Accepting needs the ledger alone: a queue store that is away costs time, not messages.
  addHealthRoutes(app, [ledger]);
  mount(app, '/ajo/im', healthRoute([ledger, queue]));
  mount(app, '/ajo/im', triggerRoutes({ ...deps, authenticate, admit }));
  mount(app, '/ajo/im', audienceExecutionRoutes({ pool, authenticate }));
  mount(app, '/ajo/im', executionRoutes({ pool, authenticate }));
  addOpenApiRoutes(app);
  finishApp(app, log);
  return app;
}

/** The same as a server hears it: the two calls that come by the thousand do not pass through Express's router. */
export function ingressListener(app: Express, log: Log): RequestListener {
  return withShortcuts(app, log, ['/ajo/im/executions/unitary', '/ajo/im/executions/highthroughput']);
}
