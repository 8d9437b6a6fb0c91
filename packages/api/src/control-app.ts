import type { ReadFile } from '@outrigger/core';
import { createAuthenticator, type VerifyToken } from '@outrigger/pipeline';
import { addHealthRoutes, createApp, finishApp, type Log } from '@outrigger/runtime';
import type { Pool } from '@outrigger/store';
import type { Express } from 'express';
import { accountRoutes } from './account-routes.ts';
import { audienceRoutes } from './audience-routes.ts';
import { brakeRoutes } from './brake-routes.ts';
import { campaignRoutes } from './campaign-routes.ts';
import { deadLetterRoutes } from './dead-letter-routes.ts';
import { mount } from './describe.ts';
import { fragmentRoutes } from './fragment-routes.ts';
import { importRoutes } from './import-routes.ts';
import { keyRoutes } from './key-routes.ts';
import { addOpenApiRoutes } from './openapi/routes.ts';
import { profileRoutes } from './profile-routes.ts';
import { sandboxRoutes } from './sandbox-routes.ts';
import { simulationRoutes } from './simulation-routes.ts';
import { suppressionRoutes } from './suppression/routes.ts';
import { surfaceRoutes } from './surface-routes.ts';
import { templateRoutes } from './template-routes.ts';
import { webhookDeadLetterRoutes } from './webhook-dead-letter-routes.ts';
import { webhookRoutes } from './webhook-routes.ts';

const BASE = '/journey/campaigns/service';
const CONTENT_BASE = '/ajo/content';

/** What the control service serves: campaigns, channel configurations, profiles, operations, and the sandbox viewer. */
export function createControlApp(deps: {
  pool: Pool;
  log: Log;
  ingressUrl: string;
  sandboxViewer: boolean;
  /** Takes http and private addresses for webhooks: for development. */
  webhookAllowInsecure?: boolean;
  /** Checks bearer tokens, where an issuer is configured. */
  verifyToken?: VerifyToken | undefined;
  /** Reads the files that campaigns send along, where a store of them is configured. */
  readFile?: ReadFile | undefined;
  /** Called when the lists have work that goes on after the answer. */
  onListWork?(): void;
}): Express {
  const { pool, log, ingressUrl, readFile } = deps;
  const authenticate = createAuthenticator(pool, deps.verifyToken);
  const app = createApp();
  addHealthRoutes(app, [{ name: 'postgres', check: () => pool.query('SELECT 1') }]);
  mount(app, BASE, campaignRoutes({ pool, authenticate, ingressUrl, readFile }));
  mount(app, BASE, surfaceRoutes({ pool, authenticate }));
  mount(app, CONTENT_BASE, fragmentRoutes({ pool, authenticate }));
  mount(app, CONTENT_BASE, templateRoutes({ pool, authenticate }));
  mount(app, '/ajo/simulations', simulationRoutes({ pool, authenticate, readFile }));
  mount(app, BASE, profileRoutes({ pool, authenticate }));
  mount(app, BASE, audienceRoutes({ pool, authenticate }));
  mount(app, BASE, importRoutes({ pool, authenticate }));
  mount(app, BASE, deadLetterRoutes({ pool, authenticate }));
  mount(app, BASE, brakeRoutes({ pool, authenticate }));
  mount(app, BASE, accountRoutes({ pool, authenticate }));
  mount(app, BASE, keyRoutes({ pool, authenticate }));
  mount(app, BASE, webhookDeadLetterRoutes({ pool, authenticate }));
  mount(app, BASE, webhookRoutes({ pool, authenticate, allowInsecure: deps.webhookAllowInsecure ?? false }));
  const onWork = deps.onListWork ?? (() => undefined);
  mount(app, '/ajo/config/suppression', suppressionRoutes({ pool, authenticate, onWork }));
  // Not part of the API: it is for looking at, and never there in production.
  if (deps.sandboxViewer) app.use('/sandbox', sandboxRoutes(pool));
  addOpenApiRoutes(app);
  finishApp(app, log);
  return app;
}
