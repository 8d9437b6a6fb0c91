import { createGrouper } from '@outrigger/core';
import {
  type ApiKey,
  findApiKeys,
  findTenants,
  type Pool,
  readApiKeys,
  readTenants,
  type Tenant,
} from '@outrigger/store';

/** Revocations are seen within this. */
const REFRESH_MS = 5_000;
/** Looks into the ledger start this far apart; between them wishes collect, so that guessing costs one small query in this time. */
const SPACING_MS = 50;
/** Unless so many are wished for at once. */
const MAX_LOOKUPS = 500;
/** Longer than any id of ours. */
const MAX_KEY_ID = 256;

export type KeyCache = {
  /** The key of this id that satisfies `proves`, from memory or else from the ledger. */
  key(keyId: string, proves: (key: ApiKey) => boolean): Promise<ApiKey | undefined>;
  tenant(orgId: string, sandboxName: string): Promise<Tenant | undefined>;
};

/**
 * Keys and tenants, kept in memory and refreshed. What memory does not have is looked for in the ledger before anybody is
 * turned away, so a key, a new secret and a sandbox work from the moment that they are committed; many wishes share one look.
 */
export function createKeyCache(pool: Pool): KeyCache {
  let keys = new Map<string, ApiKey>();
  let tenants = new Map<string, Tenant>();
  let loadedAt = Number.NEGATIVE_INFINITY;
  let loading: Promise<void> | undefined;

  function load(): Promise<void> {
    loading ??= Promise.all([readApiKeys(pool), readTenants(pool)])
      .then(([keyList, tenantList]) => {
        keys = new Map(keyList.map((key) => [key.keyId, key]));
        tenants = new Map(tenantList.map((tenant) => [placeOf(tenant), tenant]));
        loadedAt = performance.now();
      })
      .finally(() => {
        loading = undefined;
      });
    return loading;
  }

  async function refresh(): Promise<void> {
    if (performance.now() - loadedAt > REFRESH_MS) await load();
  }

  const keyLookups = createGrouper<string, ApiKey | undefined>({
    maxWeight: MAX_LOOKUPS,
    spacingMs: SPACING_MS,
    async flush(keyIds) {
      const found = new Map((await findApiKeys(pool, [...new Set(keyIds)])).map((key) => [key.keyId, key]));
      for (const keyId of keyIds) {
        const key = found.get(keyId);
        if (key) keys.set(keyId, key);
        else keys.delete(keyId);
      }
      return keyIds.map((keyId) => found.get(keyId));
    },
  });

  const tenantLookups = createGrouper<Omit<Tenant, 'tenantId'>, Tenant | undefined>({
    maxWeight: MAX_LOOKUPS,
    spacingMs: SPACING_MS,
    async flush(wanted) {
      const found = new Map((await findTenants(pool, wanted)).map((tenant) => [placeOf(tenant), tenant]));
      for (const [place, tenant] of found) tenants.set(place, tenant);
      return wanted.map((one) => found.get(placeOf(one)));
    },
  });

  return {
    async key(keyId, proves) {
      await refresh();
      const known = keys.get(keyId);
      if (known && proves(known)) return known;
      const found = keyId.length > MAX_KEY_ID ? undefined : await keyLookups.add(keyId);
      return found && proves(found) ? found : undefined;
    },
    async tenant(orgId, sandboxName) {
      await refresh();
      const wanted = { orgId, sandboxName };
      return tenants.get(placeOf(wanted)) ?? tenantLookups.add(wanted);
    },
  };
}

const placeOf = ({ orgId, sandboxName }: Omit<Tenant, 'tenantId'>) => `${orgId}\n${sandboxName}`;
