import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hashSecret } from '@outrigger/pipeline';
import { ensureTenant, insertApiKey, type Pool, readApiKeys } from '@outrigger/store';

export const DEMO_ORG = 'demo-org';
export const DEMO_SANDBOX = 'dev';

export type DemoKey = { keyId: string; secret: string };

/**
 * The demo tenant's key. The ledger has only its hash, so the secret is kept in the data folder for the next start to print;
 * when either is gone a new key is made.
 */
export async function demoKey(pool: Pool, dataFolder: string): Promise<DemoKey> {
  const path = join(dataFolder, 'demo-key.json');
  await ensureTenant(pool, DEMO_ORG, DEMO_SANDBOX);
  const kept = await readFile(path, 'utf8').then(
    (text) => JSON.parse(text) as DemoKey,
    () => undefined,
  );
  const keys = await readApiKeys(pool);
  if (kept && keys.some((key) => key.keyId === kept.keyId && key.secretHash.equals(hashSecret(kept.secret))))
    return kept;
  const key = {
    keyId: `demo-${randomBytes(3).toString('hex')}`,
    secret: `ors_${randomBytes(32).toString('base64url')}`,
  };
  await insertApiKey(pool, {
    keyId: key.keyId,
    name: 'demo',
    orgId: DEMO_ORG,
    sandboxNames: [DEMO_SANDBOX],
    secretHash: hashSecret(key.secret),
    scopes: ['execute', 'read', 'manage', 'operate'],
  });
  await mkdir(dataFolder, { recursive: true });
  await writeFile(path, JSON.stringify(key), { mode: 0o600 });
  return key;
}
