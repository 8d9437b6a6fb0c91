import { type AudienceRule, createIdAllocator, type Lane, type Recipient } from '@outrigger/core';
import type pg from 'pg';
import { type AcceptItem, acceptGroup, type NewBatch } from './accept.ts';
import { ruleCondition } from './audience-rule.ts';
import { inTransaction, type Pool } from './pool.ts';
import type { ExecutionContent } from './recipients.ts';

/** An audience execution that is being turned into messages. */
export type RunningExecution = {
  executionId: string;
  tenantId: number;
  campaignId: string;
  campaignStatus: string;
  versionId: string;
  definition: Record<string, unknown>;
  settings: Record<string, unknown>;
  startedAt: Date;
  audienceId: string;
};

/** All executions under way, those that were started first before the others. */
export async function runningExecutions(pool: Pool): Promise<RunningExecution[]> {
  const { rows } = await pool.query<RunningExecution>(
    `SELECT x.execution_id AS "executionId", x.tenant_id AS "tenantId", x.campaign_id AS "campaignId",
       k.status AS "campaignStatus", x.version_id AS "versionId", v.definition, v.settings, x.started_at AS "startedAt",
       x.audience_id AS "audienceId"
     FROM audience_executions x JOIN campaigns k ON k.campaign_id = x.campaign_id
     JOIN campaign_versions v ON v.version_id = x.version_id
     WHERE x.status = 'running' ORDER BY x.started_at`,
  );
  return rows;
}

/** Messages of a tenant that wait in a lane or are being sent, whatever they wait for; of one campaign, when it is named. */
export async function readWaiting(pool: Pool, tenantId: number, lane: Lane, campaignId?: string): Promise<number> {
  // A page's bundle is of one campaign (chunkItems). A batch that was put together again from several is of no one's.
  const ofCampaign =
    campaignId === undefined
      ? ''
      : `AND EXISTS (SELECT FROM bundles u WHERE u.bundle_id = b.bundle_id AND u.origins->0->>'campaign_id' = $3)`;
  const { rows } = await pool.query<{ n: number }>({
    name: campaignId === undefined ? 'waiting-in-lane' : 'waiting-of-campaign',
    text: `SELECT coalesce(sum(cardinality(message_ids)), 0)::int AS n FROM batches b
           WHERE tenant_id = $1 AND lane = $2 ${ofCampaign}`,
    values: campaignId === undefined ? [tenantId, lane] : [tenantId, lane, campaignId],
  });
  return rows[0]!.n;
}

export type PageRequest = {
  lane: Lane;
  namespace: string;
  /** Profiles that are looked at. */
  limit: number;
  /** Messages of one batch. */
  chunkSize: number;
  expiresAt: Date;
  /** The time of the campaign's rate is up: members are counted as left over and get no message. */
  countOnly: boolean;
  /** Who gets a copy of what the members get, once an execution: they are no members, and are not counted. */
  copies?: Recipient[];
};

/** What a page came to; `done` with the last one. Undefined: another dispatcher has the execution, or it is not running. */
export type Page = { scanned: number; messages: number; batches: NewBatch[]; done: boolean };

type Checkpoint = {
  tenant_id: number;
  campaign_id: string;
  version_id: string;
  audience_id: string;
  request_id: string;
  created_by: string;
  started_at: Date;
  cursor: string | null;
  chunks: number;
  kind: 'list' | 'rule' | null;
  rule: AudienceRule | null;
};

/**
 * Turns the next page of an audience into messages. The messages and the place up to which the audience was read are committed
 * in one transaction, so a crash at any point neither misses a member nor doubles one. Batches are handed to the queue after
 * the commit; what a crash keeps from it is found by the janitor.
 */
export async function writePage(pool: Pool, executionId: string, request: PageRequest): Promise<Page | undefined> {
  return inTransaction(pool, async (client) => {
    const { rows } = await client.query<Checkpoint>(
      `SELECT x.tenant_id, x.campaign_id, x.version_id, x.audience_id, x.request_id, x.created_by, x.started_at, x.cursor,
         x.chunks, a.kind, a.rule
       FROM audience_executions x LEFT JOIN audiences a ON a.audience_id = x.audience_id AND a.tenant_id = x.tenant_id
       WHERE x.execution_id = $1 AND x.status = 'running' FOR UPDATE OF x SKIP LOCKED`,
      [executionId],
    );
    const checkpoint = rows[0];
    if (!checkpoint) return undefined;
    const read = checkpoint.kind === null ? NOBODY : await readMembers(client, checkpoint, request);
    const reachable = read.members.filter((userId) => userId !== null);
    const userIds = request.countOnly ? [] : reachable;
    const items = chunkItems(executionId, checkpoint, request, userIds);
    const isFirst = checkpoint.cursor === null && checkpoint.chunks === 0;
    const all = isFirst && !request.countOnly ? [...items, ...copyItems(checkpoint, request)] : items;
    const { batches } = all.length > 0 ? await acceptGroup(client, all) : { batches: [] };
    const done = read.scanned < request.limit;
    await client.query(
      `WITH chunk AS (
         INSERT INTO audience_chunks (audience_execution_id, number, execution_id, messages)
         SELECT $1, $2 + place, execution_id, messages
         FROM unnest($3::uuid[], $4::smallint[]) WITH ORDINALITY AS c(execution_id, messages, place))
       UPDATE audience_executions SET cursor = coalesce($5, cursor), chunks = chunks + cardinality($3::uuid[]),
         scanned = scanned + $6, targeted = targeted + $7, without_identity = without_identity + $8, left_over = left_over + $9,
         status = CASE WHEN $10 THEN 'succeeded' ELSE status END, finished_at = CASE WHEN $10 THEN now() END
       WHERE execution_id = $1`,
      [
        executionId,
        checkpoint.chunks,
        items.map((item) => item.executionId),
        items.map((item) => item.messageIds.length),
        read.last,
        read.scanned,
        userIds.length,
        read.members.length - reachable.length,
        request.countOnly ? reachable.length : 0,
        done,
      ],
    );
    return { scanned: read.scanned, messages: userIds.length, batches, done };
  });
}

/** An audience that is not there any more has no members. */
const NOBODY = { scanned: 0, last: null as string | null, members: [] as (string | null)[] };

/**
 * The next profiles behind the cursor, in the order of their ids, and who of them belongs to the audience, by the identity in
 * the campaign's namespace (null without one). Who joined or was created after the start is not looked at, so the end is fixed.
 */
async function readMembers(
  client: pg.PoolClient,
  checkpoint: Checkpoint,
  request: PageRequest,
): Promise<typeof NOBODY> {
  const values: unknown[] = [checkpoint.cursor, checkpoint.started_at, request.limit, request.namespace.toLowerCase()];
  const add = (value: unknown) => `$${values.push(value)}`;
  const source =
    checkpoint.rule === null
      ? `SELECT profile_id, true AS fits FROM audience_members
         WHERE audience_id = ${add(checkpoint.audience_id)} AND added_at <= $2 AND ($1::uuid IS NULL OR profile_id > $1)
         ORDER BY profile_id LIMIT $3`
      : `SELECT p.profile_id, ${ruleCondition(checkpoint.rule, values)} AS fits FROM (
           SELECT * FROM profiles WHERE tenant_id = ${add(checkpoint.tenant_id)} AND created_at <= $2
             AND ($1::uuid IS NULL OR profile_id > $1) ORDER BY profile_id LIMIT $3) p`;
  const { rows } = await client.query<{ profile_id: string; fits: boolean; user_id: string | null }>(
    // A person with several identities in the namespace is written to at the first of them, always the same.
    `SELECT s.profile_id, s.fits, CASE WHEN s.fits THEN (
       SELECT i.raw_value FROM profile_identities i WHERE i.profile_id = s.profile_id AND i.namespace = $4
       ORDER BY i.identity_value LIMIT 1) END AS user_id
     FROM (${source}) s ORDER BY s.profile_id`,
    values,
  );
  return {
    scanned: rows.length,
    last: rows.at(-1)?.profile_id ?? null,
    members: rows.filter((row) => row.fits).map((row) => row.user_id),
  };
}

function chunkItems(
  audienceExecutionId: string,
  checkpoint: Checkpoint,
  request: PageRequest,
  userIds: string[],
): AcceptItem[] {
  return inChunks(userIds, checkpoint, request, 'batch', (chunk): ExecutionContent => {
    return { audienceExecutionId, namespace: request.namespace, userIds: chunk };
  });
}

function copyItems(checkpoint: Checkpoint, request: PageRequest): AcceptItem[] {
  return inChunks(
    request.copies ?? [],
    checkpoint,
    request,
    'copy',
    (recipients): ExecutionContent => ({ recipients }),
  );
}

/** Items for as many people as a batch carries. A bundle a chunk: whoever claims one of its batches reads no other's people. */
function inChunks<Person>(
  people: readonly Person[],
  checkpoint: Checkpoint,
  request: PageRequest,
  endpoint: 'batch' | 'copy',
  contentOf: (chunk: Person[]) => ExecutionContent,
): AcceptItem[] {
  const ids = createIdAllocator(request.chunkSize);
  return Array.from({ length: Math.ceil(people.length / request.chunkSize) }, (_, n): AcceptItem => {
    const chunk = people.slice(n * request.chunkSize, (n + 1) * request.chunkSize);
    const allocated = ids.take(request.lane, chunk.length);
    ids.close();
    return {
      // Never asked for: the checkpoint already keeps a page from being written twice.
      requestKey: allocated.executionId,
      fingerprint: allocated.executionId,
      ...allocated,
      tenantId: checkpoint.tenant_id,
      endpoint,
      requestId: checkpoint.request_id,
      campaignId: checkpoint.campaign_id,
      versionId: checkpoint.version_id,
      createdBy: checkpoint.created_by,
      expiresAt: request.expiresAt,
      lane: request.lane,
      content: JSON.stringify(contentOf(chunk)),
    };
  });
}

/** Ends an execution that cannot go on; what became messages stays what it is. */
export async function failExecution(pool: Pool, executionId: string, failureCode: string): Promise<void> {
  await pool.query(
    `UPDATE audience_executions SET status = 'failed', failure_code = $2, finished_at = now()
     WHERE execution_id = $1 AND status = 'running'`,
    [executionId, failureCode],
  );
}
