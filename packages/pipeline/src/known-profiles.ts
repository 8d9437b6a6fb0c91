import { createGrouper } from '@outrigger/core';
import { type Identity, knowProfiles, type Pool } from '@outrigger/store';

/** Whether there is a profile behind each identity of a tenant, in the order asked. */
export type KnowProfiles = (tenantId: number, identities: Identity[]) => Promise<boolean[]>;

type Asked = { tenantId: number; identities: Identity[] };

const MAX_GROUP = 1_000;
/** A statement costs as much by itself as forty look-ups. */
const SPACING_MS = 2;

/** Calls that ask while a look is under way share the next one. */
export function createKnownProfiles(pool: Pool): KnowProfiles {
  const grouper = createGrouper<Asked, boolean[]>({
    maxWeight: MAX_GROUP,
    weight: ({ identities }) => identities.length,
    parallel: 2,
    spacingMs: SPACING_MS,
    async flush(group) {
      const known = await knowProfiles(
        pool,
        group.flatMap(({ tenantId, identities }) => identities.map((identity) => ({ tenantId, identity }))),
      );
      let until = 0;
      return group.map(({ identities }) => {
        const from = until;
        until += identities.length;
        return known.slice(from, until);
      });
    },
  });
  return (tenantId, identities) => grouper.add({ tenantId, identities });
}
