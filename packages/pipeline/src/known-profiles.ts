import { type AskedIdentity, type Identity, knowProfiles, type Pool } from '@outrigger/store';
import { shareRead } from './share-read.ts';

/** Whether there is a profile behind each identity of a tenant, in the order asked. */
export type KnowProfiles = (tenantId: number, identities: Identity[]) => Promise<boolean[]>;

/** A statement costs as much by itself as forty look-ups; the caller waits for it. */
const SPACING_MS = 2;

/** Calls that ask while a look is under way share the next one. */
export function createKnownProfiles(pool: Pool): KnowProfiles {
  const ask = shareRead((asked: AskedIdentity[]) => knowProfiles(pool, asked), SPACING_MS);
  return (tenantId, identities) => ask(identities.map((identity) => ({ tenantId, identity })));
}
