/** The control service: campaigns, channel configurations, profiles, operations, and the sandbox viewer. */
import {
  accountRoutes,
  brakeRoutes,
  campaignRoutes,
  deadLetterRoutes,
  profileRoutes,
  sandboxRoutes,
  surfaceRoutes,
} from '@outrigger/api';
import { createAuthenticator } from '@outrigger/pipeline';
import {
  addHealthRoutes,
  createApp,
  createLog,
  errorFields,
  finishApp,
  listen,
  loadConfig,
  runService,
} from '@outrigger/runtime';
import { openPool } from '@outrigger/store';
import { controlConfig } from './config.ts';

const config = loadConfig(controlConfig, process.env);
const log = createLog('control', config.LOG_LEVEL);
const BASE = '/journey/campaigns/service';

await runService(log, async (parts) => {
  const pool = openPool({
    databaseUrl: config.DATABASE_URL,
    schema: config.DATABASE_SCHEMA,
    applicationName: 'outrigger control',
    onError: (error) => log.warn({ event: 'ledger.connection_lost', ...errorFields(error) }),
  });
  parts.push({ name: 'ledger', stop: () => pool.end() });
  const authenticate = createAuthenticator(pool);
  const app = createApp();
  addHealthRoutes(app, [{ name: 'postgres', check: () => pool.query('SELECT 1') }]);
  app.use(BASE, campaignRoutes({ pool, authenticate, ingressUrl: config.INGRESS_URL }));
  app.use(BASE, surfaceRoutes({ pool, authenticate }));
  app.use(BASE, profileRoutes({ pool, authenticate }));
  app.use(BASE, deadLetterRoutes({ pool, authenticate }));
  app.use(BASE, brakeRoutes({ pool, authenticate }));
  app.use(BASE, accountRoutes({ pool, authenticate }));
  if (config.SANDBOX_VIEWER) app.use('/sandbox', sandboxRoutes(pool));
  finishApp(app, log);
  parts.push(await listen(app, { host: config.HOST, port: config.PORT }));
});
