import type { SuppressionFacts } from '@outrigger/core';
import {
  type AskedIdentity,
  type Pool,
  readProfilesOf,
  readSuppressionFacts,
  type StoredProfile,
} from '@outrigger/store';
import { shareRead } from './share-read.ts';

/** What delivery reads of people, in the order asked. Batches that ask at about the same time share a statement. */
export type SharedReads = {
  /** The stored profiles behind identities; undefined where unknown. */
  profiles(asked: AskedIdentity[]): Promise<(StoredProfile | undefined)[]>;
  /** What suppression and allowed lists say of each address. */
  suppressionFacts(asked: { tenantId: number; address: string }[]): Promise<SuppressionFacts[]>;
};

/** To ask costs more than the answer: on a busy worker, wait for the next batches that ask. */
const SPACING_MS = 4;

/** A read begins after it was asked for, so it is at least as fresh as the claim of the batch that asks. */
export function createSharedReads(pool: Pool): SharedReads {
  return {
    profiles: shareRead((asked) => readProfilesOf(pool, asked), SPACING_MS),
    suppressionFacts: shareRead((asked) => readSuppressionFacts(pool, asked), SPACING_MS),
  };
}
