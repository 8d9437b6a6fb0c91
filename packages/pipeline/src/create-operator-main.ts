/**
 * `node packages/pipeline/src/create-operator-main.ts <org> <sandbox>`: makes the first key of an installation, in the ledger that
 * DATABASE_URL names. It may do everything, keys of others included; every other key is made through the API by such a key.
 */
import { createKey, ensureTenant, openPool } from '@outrigger/store';
import { makeKey } from './make-key.ts';

const [orgId, sandboxName] = process.argv.slice(2);
const databaseUrl = process.env.DATABASE_URL;
if (!orgId || !sandboxName || !databaseUrl) {
  console.error('Usage: DATABASE_URL=postgres://… node packages/pipeline/src/create-operator-main.ts <org> <sandbox>');
  process.exit(64);
}
const pool = openPool({ databaseUrl, schema: process.env.DATABASE_SCHEMA || 'public', maxConnections: 1 });
try {
  await ensureTenant(pool, orgId, sandboxName);
  const { secret, ...key } = makeKey();
  const scopes = ['execute', 'read', 'manage', 'operate'] as const;
  const wanted = { ...key, name: 'operator', orgId, sandboxNames: [sandboxName], scopes: [...scopes], expiresAt: null };
  await createKey(pool, wanted, 'bootstrap');
  console.log(
    `OUTRIGGER_KEY=${key.keyId}\nOUTRIGGER_SECRET=${secret}\nOUTRIGGER_ORG=${orgId}\nOUTRIGGER_SANDBOX=${sandboxName}`,
  );
} finally {
  await pool.end();
}
