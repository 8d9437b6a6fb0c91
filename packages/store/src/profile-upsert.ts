import type { Consents, JsonObject, PushToken } from '@outrigger/core';
import { uuidv7 } from '@outrigger/core';
import type pg from 'pg';
import { inTransaction, type Pool } from './pool.ts';
import { mergeStored } from './profile-merge.ts';
import { type ProfileState, patchedState } from './profile-state.ts';
import { comparableIdentity, comparableNamespace, type Identity } from './profiles.ts';

/** What is to be stored of one person. Without a member nothing is said of it; null takes a value away. */
export type ProfileInput = {
  identities: Identity[];
  attributes?: JsonObject;
  consents?: Consents;
  timeZone?: string | null;
  language?: string | null;
  pushTokens?: PushToken[];
};

/**
 * `merge` lays what is given over what is stored (JSON Merge Patch). `replace` makes attributes, time zone, language and push
 * tokens exactly what is given. Consents are merged in both, and identities are added: neither is lost by being left out.
 */
export type UpsertMode = 'merge' | 'replace';
export type Upserted = { profileId: string; created: boolean; merged: string[] };

/** Somebody else wrote the same identities at the same moment; the whole write is made again on what is there now. */
class ConcurrentChange extends Error {}
const ATTEMPTS = 6;
const DEADLOCK = '40P01';

/**
 * Creates or updates profiles, all in one transaction, which `also` may share; the answers are in the order of the inputs.
 * Inputs are found by any of their identities. Where one has identities of several profiles, these are one person and become
 * one profile.
 */
export async function upsertProfiles(
  pool: Pool,
  tenantId: number,
  inputs: ProfileInput[],
  mode: UpsertMode,
  also: (client: pg.PoolClient, upserted: Upserted[]) => Promise<void> = async () => {},
): Promise<Upserted[]> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await inTransaction(pool, async (client) => {
        const upserted = await writeProfiles(client, tenantId, inputs, mode);
        await also(client, upserted);
        return upserted;
      });
    } catch (error) {
      const again = error instanceof ConcurrentChange || (error as { code?: string }).code === DEADLOCK;
      if (!again || attempt === ATTEMPTS) throw error;
    }
  }
}

/** Inputs of one person: they share identities, directly or through others, among themselves or with what is stored. */
type Person = { inputs: number[]; identities: Map<string, Identity>; known: Set<string> };

async function writeProfiles(
  client: pg.PoolClient,
  tenantId: number,
  inputs: ProfileInput[],
  mode: UpsertMode,
): Promise<Upserted[]> {
  const owners = await readOwners(client, tenantId, inputs);
  const upserted = new Array<Upserted>(inputs.length);
  const states = new Map<string, ProfileState>();
  const created: string[] = [];
  const fresh: { key: string; identity: Identity; profileId: string }[] = [];
  const people = groupByPerson(inputs, owners);
  const stored = await lockStored(client, people);
  for (const person of people) {
    const [first, ...others] = [...person.known].sort();
    const profileId = first ?? uuidv7();
    const parts = [...person.known].map((id) => stored.get(id)!);
    let state = others.length > 0 ? await mergeStored(client, profileId, others, parts) : parts[0];
    person.inputs
      .sort((one, other) => one - other)
      .forEach((place, nth) => {
        state = patchedState(state, inputs[place]!, mode);
        // What happened to the person is told with the first of its inputs, so that it is counted once.
        const merged = nth === 0 ? others : [];
        upserted[place] = { profileId, created: first === undefined && nth === 0, merged };
      });
    if (first === undefined) created.push(profileId);
    states.set(profileId, state!);
    for (const [key, identity] of person.identities) {
      if (!owners.has(key)) fresh.push({ key, identity, profileId });
    }
  }
  await writeStates(client, tenantId, states);
  await writeIdentities(client, tenantId, fresh);
  return upserted;
}

/** One text an identity. The space is unambiguous: a namespace has none. */
const keyOf = (identity: Identity) => `${comparableNamespace(identity)} ${comparableIdentity(identity)}`;

async function readOwners(
  client: pg.PoolClient,
  tenantId: number,
  inputs: ProfileInput[],
): Promise<Map<string, string>> {
  const identities = inputs.flatMap((input) => input.identities);
  const { rows } = await client.query<{ namespace: string; identity_value: string; profile_id: string }>({
    name: 'identity-owners',
    text: `SELECT i.namespace, i.identity_value, i.profile_id FROM unnest($2::text[], $3::text[]) AS w(namespace, identity_value)
     JOIN profile_identities i ON i.tenant_id = $1 AND i.namespace = w.namespace AND i.identity_value = w.identity_value`,
    values: [tenantId, identities.map(comparableNamespace), identities.map(comparableIdentity)],
  });
  return new Map(rows.map((row) => [`${row.namespace} ${row.identity_value}`, row.profile_id]));
}

function groupByPerson(inputs: ProfileInput[], owners: Map<string, string>): Person[] {
  const byMark = new Map<string, Person>();
  const people = new Set<Person>();
  inputs.forEach((input, place) => {
    const person: Person = { inputs: [place], identities: new Map(), known: new Set() };
    for (const identity of input.identities) {
      const key = keyOf(identity);
      person.identities.set(key, identity);
      const owner = owners.get(key);
      if (owner !== undefined) person.known.add(owner);
    }
    const marks = [...person.identities.keys(), ...[...person.known].map((id) => `profile ${id}`)];
    // Whoever shares a mark is the same person: their groups become this one.
    for (const mark of marks) {
      const other = byMark.get(mark);
      if (!other || !people.delete(other)) continue;
      person.inputs = [...other.inputs, ...person.inputs];
      for (const [key, identity] of other.identities) person.identities.set(key, identity);
      for (const id of other.known) person.known.add(id);
    }
    people.add(person);
    for (const key of person.identities.keys()) byMark.set(key, person);
    for (const id of person.known) byMark.set(`profile ${id}`, person);
  });
  return [...people];
}

async function lockStored(client: pg.PoolClient, people: Person[]): Promise<Map<string, ProfileState>> {
  const wanted = people.flatMap((person) => [...person.known]);
  if (wanted.length === 0) return new Map();
  const { rows } = await client.query<ProfileState & { profileId: string }>(
    `SELECT profile_id AS "profileId", attributes, consents, time_zone AS "timeZone", language,
       push_tokens AS "pushTokens", modified_at AS "modifiedAt"
     FROM profiles WHERE profile_id = ANY ($1::uuid[]) ORDER BY profile_id FOR UPDATE`,
    [wanted],
  );
  // An identity whose profile is gone was deleted between the two statements.
  if (rows.length < new Set(wanted).size) throw new ConcurrentChange('a profile was deleted');
  return new Map(rows.map(({ profileId, ...state }) => [profileId, state]));
}

async function writeStates(client: pg.PoolClient, tenantId: number, states: Map<string, ProfileState>): Promise<void> {
  const rows = [...states].sort(([one], [other]) => (one < other ? -1 : 1));
  await client.query({
    name: 'write-profiles',
    text: `INSERT INTO profiles (profile_id, tenant_id, attributes, consents, time_zone, language, push_tokens)
     SELECT profile_id, $1, attributes, consents, time_zone, language, push_tokens
     FROM unnest($2::uuid[], $3::jsonb[], $4::jsonb[], $5::text[], $6::text[], $7::jsonb[])
       AS n(profile_id, attributes, consents, time_zone, language, push_tokens)
     ON CONFLICT (profile_id) DO UPDATE SET attributes = excluded.attributes, consents = excluded.consents,
       time_zone = excluded.time_zone, language = excluded.language, push_tokens = excluded.push_tokens, modified_at = now()`,
    values: [
      tenantId,
      rows.map(([id]) => id),
      rows.map(([, state]) => JSON.stringify(state.attributes)),
      rows.map(([, state]) => JSON.stringify(state.consents)),
      rows.map(([, state]) => state.timeZone),
      rows.map(([, state]) => state.language),
      rows.map(([, state]) => JSON.stringify(state.pushTokens)),
    ],
  });
}

async function writeIdentities(
  client: pg.PoolClient,
  tenantId: number,
  fresh: { key: string; identity: Identity; profileId: string }[],
): Promise<void> {
  if (fresh.length === 0) return;
  const rows = fresh.sort((one, other) => (one.key < other.key ? -1 : 1));
  const { rowCount } = await client.query({
    name: 'write-identities',
    text: `INSERT INTO profile_identities (tenant_id, namespace, identity_value, raw_value, profile_id)
     SELECT $1, * FROM unnest($2::text[], $3::text[], $4::text[], $5::uuid[]) ON CONFLICT DO NOTHING`,
    values: [
      tenantId,
      rows.map(({ identity }) => comparableNamespace(identity)),
      rows.map(({ identity }) => comparableIdentity(identity)),
      rows.map(({ identity }) => identity.value),
      rows.map(({ profileId }) => profileId),
    ],
  });
  if (rowCount !== rows.length) throw new ConcurrentChange('an identity was taken by somebody else');
}
