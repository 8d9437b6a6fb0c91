import { randomBytes } from 'node:crypto';
import { ensureTenant, insertApiKey, type Pool, type Scope, type Tenant } from '@outrigger/store';

export type TestCaller = { tenant: Tenant; keyId: string; secret: string; headers: Record<string, string> };

/** A tenant with a key of its own and the headers that call for it. `hash` is the product's own secret hash. */
export async function createTestCaller(
  pool: Pool,
  hash: (secret: string) => Buffer,
  options: { orgId?: string; sandboxName?: string; scopes?: Scope[] } = {},
): Promise<TestCaller> {
  const suffix = randomBytes(4).toString('hex');
  const tenant = await ensureTenant(pool, options.orgId ?? `org-${suffix}`, options.sandboxName ?? 'prod');
  const keyId = `key-${suffix}`;
  const secret = randomBytes(32).toString('base64url');
  await insertApiKey(pool, {
    keyId,
    name: 'test',
    orgId: tenant.orgId,
    sandboxNames: [tenant.sandboxName],
    secretHash: hash(secret),
    scopes: options.scopes ?? ['execute', 'read', 'manage'],
  });
  return {
    tenant,
    keyId,
    secret,
    headers: {
      authorization: `Bearer ${secret}`,
      'x-api-key': keyId,
      'x-gw-ims-org-id': tenant.orgId,
      'x-sandbox-name': tenant.sandboxName,
      'content-type': 'application/json',
    },
  };
}
