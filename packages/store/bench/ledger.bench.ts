/**
 * CPU microseconds that the ledger takes of a message, by stage (accept, claim, record), on the Node side and in Postgres:
 *
 *     DATABASE_URL=postgres://... node packages/store/bench/ledger.bench.ts [--messages=20000] [--recipients=1]
 *       [--group=100] [--rows=0] [--rounds=3]
 *
 * `--recipients` a call; `--group`: calls that share one accept; `--rows`: messages that were accepted and sent before (10000000
 * takes some minutes and 5 GB). Works in a schema of its own, which it drops. CPU is read from /proc (Linux, the
 * server on the same machine): wall time says little on a machine that others use. Prints the median of the rounds.
 */
import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { createIdAllocator, newBundleId } from '@outrigger/core';
import {
  acceptGroup,
  claimBatches,
  MAX_BATCH_MESSAGES,
  migrate,
  type NewBatch,
  openPool,
  type Pool,
  recordOutcomes,
} from '../src/index.ts';
import { callFor, createLiveCampaign } from '../test/fixtures.ts';

const { values: options } = parseArgs({
  options: {
    messages: { type: 'string', default: '20000' },
    recipients: { type: 'string', default: '1' },
    group: { type: 'string', default: '100' },
    rows: { type: 'string', default: '0' },
    rounds: { type: 'string', default: '3' },
  },
});
const [messages, recipients, group, rows, rounds] = (
  ['messages', 'recipients', 'group', 'rows', 'rounds'] as const
).map((name) => Number(options[name])) as [number, number, number, number, number];
const databaseUrl = process.env.DATABASE_URL;
if (!databaseUrl) throw new Error('DATABASE_URL is not set: start a PostgreSQL, for example with `npm start`');

const LEASE_MS = 60_000;
/** Claims that share a statement, and outcomes that share one, as in the worker. */
const CLAIM_GROUP = 16;
const RECORD_GROUP = 1_000;

const schema = `bench_${process.pid}`;
const pool = openPool({ databaseUrl, schema, maxConnections: 4, statementTimeoutMs: 0 });
await migrate(pool, schema);
const campaign = await createLiveCampaign(pool);
try {
  await prefill(rows);
  const measured = [];
  for (let round = 0; round <= rounds; round++) {
    const costs = await runOnce();
    if (round > 0) measured.push(costs); // the first one warms up
  }
  report(measured);
} finally {
  await pool.query(`DROP SCHEMA ${schema} CASCADE`);
  await pool.end();
}

type Cost = { node: number; postgres: number; walBytes: number; statements: number };
type Costs = Record<'accept' | 'claim' | 'record', Cost>;

async function runOnce(): Promise<Costs> {
  const groups = callGroups(messages);
  let batches: NewBatch[] = [];
  const accept = await costOf(async () => {
    for (const calls of groups) batches.push(...(await acceptGroup(pool, calls)).batches);
    return groups.length;
  });
  const wanted = batches.map(({ batchId }) => ({ batchId, token: randomUUID() }));
  const claimed: Awaited<ReturnType<typeof claimBatches>>[] = [];
  const claim = await costOf(async () => {
    for (const some of chunks(wanted, CLAIM_GROUP)) claimed.push(await claimBatches(pool, some, 'bench', LEASE_MS));
    return Math.ceil(wanted.length / CLAIM_GROUP);
  });
  const outcomes = claimed.flatMap((found) => [...found.values()].flatMap(sentItems));
  if (outcomes.length !== messages) throw new Error(`${outcomes.length} of ${messages} messages were claimed`);
  const record = await costOf(async () => {
    for (const some of chunks(outcomes, RECORD_GROUP)) await recordOutcomes(pool, some);
    return Math.ceil(outcomes.length / RECORD_GROUP);
  });
  const { rows: left } = await pool.query('SELECT count(*)::int AS n FROM batches');
  if (left[0].n !== 0) throw new Error(`${left[0].n} batches are left`);
  batches = [];
  return { accept, claim, record };
}

function sentItems(batch: { batchId: string; token: string; messages: { messageId: string; tenantId: number }[] }) {
  return batch.messages.map(({ messageId, tenantId }) => ({
    batchId: batch.batchId,
    token: batch.token,
    messageId,
    tenantId,
    outcome: { state: 'sent', providerMessageId: `0102018f-${messageId}-000000` } as const,
    provider: 'ses',
    pass: 1,
  }));
}

function callGroups(total: number) {
  const calls = Array.from({ length: total / recipients }, () => {
    const call = callFor(campaign, recipients, { lane: 'email-ht', endpoint: 'highthroughput' });
    const people = call.messageIds.map((_, index) => person(index));
    return { ...call, content: JSON.stringify({ recipients: people }) };
  });
  return chunks(calls, group).map((some) => {
    const ids = createIdAllocator(MAX_BATCH_MESSAGES);
    return some.map((call) => ({ ...call, ...ids.take('', recipients) }));
  });
}

/** About 450 bytes: the recipient of the demo order mail (perf research: real bodies have 444). */
function person(index: number) {
  const number = `NL-${Math.floor(Math.random() * 1e6)}`;
  return {
    type: 'external',
    userId: `astrid.lindqvist+${index}@shop.example`,
    namespace: 'email',
    channelData: { emailAddress: `astrid.lindqvist+${index}@shop.example` },
    profile: { person: { name: { firstName: 'Astrid', lastName: 'Lindqvist' } } },
    context: {
      order: { number, total: 1249.5, lines: [{ name: 'Chair', quantity: 2, price: 624.75 }] },
      note: 'Ring twice',
    },
  };
}

function chunks<Item>(items: Item[], size: number): Item[][] {
  const found: Item[][] = [];
  for (let start = 0; start < items.length; start += size) found.push(items.slice(start, start + size));
  return found;
}

/**
 * History, as accept and record would have left it: full bundles of one recipient a call, keys in no order. Written by the
 * server itself, because what matters here is how large tables and indexes are.
 */
async function prefill(total: number): Promise<void> {
  const chunk = 5_000;
  for (let done = 0; done < total / MAX_BATCH_MESSAGES; done += chunk) {
    const ids = Array.from({ length: chunk }, (_, n) => newBundleId(Date.now() - n));
    await pool.query(
      `WITH b AS MATERIALIZED (SELECT unnest($1::uuid[]) AS id), new_bundle AS (
         INSERT INTO bundles SELECT b.id, 0, $2, 'email-ht', now(), ${MAX_BATCH_MESSAGES}, jsonb_build_array(jsonb_build_object(
           'endpoint', 'highthroughput', 'campaign_id', $3::text, 'version_id', $4::text, 'created_by', 'key', 'expires_at', now())),
           (SELECT string_agg('[' || p || ',1,0,"' || gen_random_uuid() || '"]', E'\\n') FROM generate_series(0, 99) p WHERE b.id IS NOT NULL)
         FROM b
       ), new_content AS (
         INSERT INTO bundle_contents SELECT b.id, 0, $5 FROM b
       ), sent AS (
         INSERT INTO sent_events SELECT b.id, $2, ARRAY(SELECT generate_series(0, 99)::smallint), 'ses',
           (SELECT string_agg('0102018f-' || gen_random_uuid() || '-000000', E'\\n') FROM generate_series(0, 99) WHERE b.id IS NOT NULL) FROM b
       )
       INSERT INTO request_keys SELECT gen_random_uuid(), gen_random_uuid(), id_in_bundle(b.id, 2048 + p), (now() AT TIME ZONE 'UTC')::date
       FROM b, generate_series(0, 99) p`,
      [
        ids,
        campaign.tenantId,
        campaign.campaignId,
        campaign.versionId,
        Array.from({ length: MAX_BATCH_MESSAGES }, (_, n) => JSON.stringify({ recipients: [person(n)] })).join('\n'),
      ],
    );
    if ((done / chunk) % 4 === 3) console.error(`${(done + chunk) * MAX_BATCH_MESSAGES} of ${total} rows`);
  }
}

async function costOf(work: () => Promise<number>): Promise<Cost> {
  const before = await counters(pool);
  const node = process.cpuUsage();
  const statements = await work();
  const used = process.cpuUsage(node);
  const after = await counters(pool);
  return {
    node: (used.user + used.system) / messages,
    postgres: (after.cpuUs - before.cpuUs) / messages,
    walBytes: (after.wal - before.wal) / messages,
    statements,
  };
}

/** CPU of every process of the server that is there before and after, and how far the log has got. */
async function counters(from: Pool): Promise<{ cpuUs: number; wal: number }> {
  const { rows: found } = await from.query<{ pids: number[]; wal: string }>(
    "SELECT array_agg(pid) AS pids, pg_current_wal_insert_lsn() - '0/0'::pg_lsn AS wal FROM pg_stat_activity",
  );
  const cpuUs = found[0]!.pids.reduce((total, pid) => total + cpuOf(pid), 0);
  return { cpuUs, wal: Number(found[0]!.wal) };
}

function cpuOf(pid: number): number {
  try {
    const threads = readdirSync(`/proc/${pid}/task`);
    return threads.reduce(
      (total, thread) =>
        total + Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]) / 1_000,
      0,
    );
  } catch {
    return 0; // it ended meanwhile
  }
}

function report(measured: Costs[]): void {
  const stages = ['accept', 'claim', 'record'] as const;
  const median = (pick: (costs: Costs) => number) =>
    measured.map(pick).toSorted((a, b) => a - b)[measured.length >> 1]!;
  console.log(
    `${messages} messages, ${recipients} a call, ${group} calls a group, after ${rows} earlier messages; us of CPU a message`,
  );
  console.table(
    Object.fromEntries([
      ...stages.map((stage) => [
        stage,
        {
          node: round(median((costs) => costs[stage].node)),
          postgres: round(median((costs) => costs[stage].postgres)),
          both: round(median((costs) => costs[stage].node + costs[stage].postgres)),
          'WAL bytes': Math.round(median((costs) => costs[stage].walBytes)),
          statements: measured[0]![stage].statements,
        },
      ]),
      [
        'all',
        {
          node: round(median((costs) => stages.reduce((sum, stage) => sum + costs[stage].node, 0))),
          postgres: round(median((costs) => stages.reduce((sum, stage) => sum + costs[stage].postgres, 0))),
          both: round(
            median((costs) => stages.reduce((sum, stage) => sum + costs[stage].node + costs[stage].postgres, 0)),
          ),
          'WAL bytes': Math.round(median((costs) => stages.reduce((sum, stage) => sum + costs[stage].walBytes, 0))),
        },
      ],
    ]),
  );
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
