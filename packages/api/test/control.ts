import { after } from 'node:test';
import { hashSecret } from '@outrigger/pipeline';
import { createLog, listen } from '@outrigger/runtime';
import type { Pool } from '@outrigger/store';
import { createTestCaller, openTestLedger, type TestCaller } from '@outrigger/testkit';
import { createControlApp } from '../src/control-app.ts';
import { startListWorker } from '../src/suppression/list-worker.ts';
import { createAnswerCheck } from './described-answers.ts';

// biome-ignore lint/suspicious/noExplicitAny: tests look into bodies of every shape
export type ControlAnswer = { status: number; headers: Headers; body: any; text: string };

export type TestControl = {
  pool: Pool;
  caller: TestCaller;
  url: string;
  /** A tenant of its own. */
  newCaller(options?: Parameters<typeof createTestCaller>[2]): Promise<TestCaller>;
  /** Every answer is held to its description. */
  call(
    method: string,
    path: string,
    body?: unknown,
    options?: { as?: TestCaller; form?: FormData },
  ): Promise<ControlAnswer>;
};

/** The control service as it is deployed, over a ledger of its own, in this process. */
export async function startTestControl(): Promise<TestControl> {
  const { pool } = await openTestLedger();
  const caller = await createTestCaller(pool, hashSecret);
  const log = createLog('control', 'silent');
  const worker = startListWorker(pool, log);
  const app = createControlApp({
    pool,
    log,
    ingressUrl: 'http://localhost:8080',
    sandboxViewer: false,
    onListWork: worker.wake,
  });
  const server = await listen(app, { host: '127.0.0.1', port: 0 });
  after(async () => {
    await server.stop();
    await worker.stop();
  });
  const check = createAnswerCheck(app);
  const url = `http://127.0.0.1:${server.port}`;
  return {
    pool,
    caller,
    url,
    newCaller: (options) => createTestCaller(pool, hashSecret, options),
    async call(method, path, body, { as = caller, form } = {}) {
      const { 'content-type': _, ...credentials } = as.headers;
      const response = await fetch(url + path, {
        method,
        headers: form ? credentials : as.headers,
        ...(form && { body: form }),
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      const isJson = response.headers.get('content-type')?.startsWith('application/json');
      const answer = {
        status: response.status,
        headers: response.headers,
        text,
        body: isJson ? JSON.parse(text) : text,
      };
      check(method, path, answer.status, answer.body);
      return answer;
    },
  };
}
