import type { SuppressionFacts } from '@outrigger/core';
import { type Identity, type Pool, readProfiles, readSuppressionFacts, type StoredProfile } from '@outrigger/store';
import { shareRead } from './share-read.ts';

/** What delivery reads of people. Batches that ask at about the same time share a statement. */
export type SharedReads = {
  /** The stored profiles behind identities of one tenant, in the order asked; undefined where unknown. */
  profiles(tenantId: number, identities: Identity[]): Promise<(StoredProfile | undefined)[]>;
  /** What suppression and allowed lists say of each address, in the order asked. */
  suppressionFacts(asked: { tenantId: number; address: string }[]): Promise<SuppressionFacts[]>;
};

/** To ask costs more than the answer: on a busy worker, wait for the next batches that ask. */
const SPACING_MS = 4;

/** A read begins after it was asked for, so it is at least as fresh as the claim of the batch that asks. */
export function createSharedReads(pool: Pool): SharedReads {
  const profiles = shareRead<{ tenantId: number; identity: Identity }, StoredProfile | undefined>(async (asked) => {
    const found = new Map<(typeof asked)[number], StoredProfile | undefined>();
    for (const [tenantId, ofTenant] of Map.groupBy(asked, (one) => one.tenantId)) {
      const read = await readProfiles(
        pool,
        tenantId,
        ofTenant.map((one) => one.identity),
      );
      ofTenant.forEach((one, place) => {
        found.set(one, read[place]);
      });
    }
    return asked.map((one) => found.get(one));
  }, SPACING_MS);
  return {
    profiles: (tenantId, identities) => profiles(identities.map((identity) => ({ tenantId, identity }))),
    suppressionFacts: shareRead((asked) => readSuppressionFacts(pool, asked), SPACING_MS),
  };
}
