import { addHealthRoutes, createApp, finishApp, type Log } from '@outrigger/runtime';
import type { Pool } from '@outrigger/store';
import type { Express } from 'express';
import { callbackRoutes, type ReceiveCallback } from './callback-routes.ts';
import { mount } from './describe.ts';

/** What the gateway serves to the outside world: the addresses where providers report, and its health. */
export function createGatewayApp(deps: {
  pool: Pool;
  log: Log;
  receivers: ReadonlyMap<string, ReceiveCallback>;
}): Express {
  const app = createApp();
  addHealthRoutes(app, [{ name: 'postgres', check: () => deps.pool.query('SELECT 1') }]);
  mount(app, '/callbacks', callbackRoutes(deps.receivers));
  finishApp(app, deps.log);
  return app;
}
