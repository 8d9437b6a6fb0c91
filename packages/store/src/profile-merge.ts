import { type Consents, type JsonObject, type JsonValue, mergePatch } from '@outrigger/core';
import type pg from 'pg';
import { type ProfileState, unitedTokens } from './profile-state.ts';

/**
 * Several stored profiles turn out to be one person. The oldest keeps its id and takes over the identities and audience
 * memberships of the others, which are gone. An audience execution that has passed the oldest has messaged this person, and
 * one that has not will find only the oldest: nobody is messaged twice because of a merge.
 */
export async function mergeStored(
  client: pg.PoolClient,
  survivorId: string,
  others: string[],
  parts: ProfileState[],
): Promise<ProfileState> {
  await client.query('UPDATE profile_identities SET profile_id = $1 WHERE profile_id = ANY ($2::uuid[])', [
    survivorId,
    others,
  ]);
  await client.query(
    `INSERT INTO audience_members (audience_id, profile_id, added_at)
     SELECT audience_id, $1, min(added_at) FROM audience_members WHERE profile_id = ANY ($2::uuid[]) GROUP BY audience_id
     ON CONFLICT (audience_id, profile_id) DO UPDATE SET added_at = least(audience_members.added_at, excluded.added_at)`,
    [survivorId, others],
  );
  await client.query('DELETE FROM profiles WHERE profile_id = ANY ($1::uuid[])', [others]);
  return mergedState(parts);
}

/** What changed last wins, member by member; a no in any of the consents stays a no, whatever is newer. */
export function mergedState(parts: ProfileState[]): ProfileState {
  const oldestFirst = parts.toSorted((one, other) => timeOf(one) - timeOf(other));
  return oldestFirst.reduce((merged, next) => ({
    attributes: mergePatch(merged.attributes, next.attributes) as JsonObject,
    consents: mergedConsents(merged.consents as JsonValue, next.consents as JsonValue) as Consents,
    timeZone: next.timeZone ?? merged.timeZone,
    language: next.language ?? merged.language,
    pushTokens: unitedTokens(merged.pushTokens, next.pushTokens),
  }));
}

const timeOf = (state: ProfileState) => state.modifiedAt?.getTime() ?? 0;

function mergedConsents(older: JsonValue | undefined, newer: JsonValue): JsonValue {
  if (!isObject(older) || !isObject(newer)) return newer;
  if (older.val === 'n') return older;
  const merged: JsonObject = { ...older };
  for (const [name, value] of Object.entries(newer)) {
    merged[name] = mergedConsents(Object.hasOwn(older, name) ? older[name] : undefined, value);
  }
  return merged;
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}
