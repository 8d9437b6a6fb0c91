/**
 * Mutation fuzz of the trigger API (reliability S10). FUZZ_BODIES says how many bodies (10,000 unless told), FUZZ_SEED
 * repeats a run. Each answer is held to an oracle that knows nothing of the product's code.
 */
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { assertRefusal, startHostileIngress } from './ingress.ts';
import { createRandom, makeBody, makeCall } from './mutate.ts';
import { type ExpectedCall, judge } from './oracle.ts';
import type { RawAnswer } from './raw-http.ts';

const BODIES = Number(process.env.FUZZ_BODIES ?? 10_000);
const SEED = Number(process.env.FUZZ_SEED ?? randomInt(2 ** 31));
const CONCURRENCY = 32;
const ROUND = 1_000;
/** Nothing may hang. A machine that is busy with other tests is allowed for. */
const LONGEST_ANSWER_MS = 10_000;

const ingress = await startHostileIngress();
const { pool, campaignIds } = ingress;
const campaignId = campaignIds.unitary;
const random = createRandom(SEED);
/** What the ledger must hold, by requestId. */
const accepted = new Map<string, string>();
const statuses = new Map<number, number>();
const codes = new Map<string, number>();
const durations: number[] = [];
let messages = 0;

type Sent = { body: Buffer; answer: RawAnswer; verdict: ReturnType<typeof judge> };

async function sendOne(index: number): Promise<Sent> {
  const body = makeBody(random, makeCall(random, campaignId, `fuzz-${SEED}-${index}`));
  const verdict = judge(body, campaignId);
  const begin = performance.now();
  const answer = await ingress.send({ body });
  durations.push(performance.now() - begin);
  return { body, answer, verdict };
}

/** Says which body failed, so that it can be tried alone. */
function describeSent({ body, answer, verdict }: Sent): string {
  const expected = 'call' in verdict ? 'a valid call' : `refused: ${verdict.refused}`;
  return `seed ${SEED}: ${answer.status} ${answer.text.slice(0, 300)} for ${body.subarray(0, 600).toString()} (${expected})`;
}

/** Holds an answer to the oracle. Returns the new execution to look for in the ledger, if there must be one. */
function checkAnswer(sent: Sent): { executionId: string; call: ExpectedCall } | undefined {
  const { answer, verdict } = sent;
  statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
  assert.ok(answer.status < 500, describeSent(sent));
  if (answer.status !== 202) {
    const code = /MSG-\d{6}-\d{3}$/.exec(String(answer.body?.type))?.[0] ?? 'none';
    codes.set(code, (codes.get(code) ?? 0) + 1);
    assertRefusal(answer, code);
    // A mutated requestId may meet an earlier one; that call was valid and its requestId is taken.
    const taken = answer.status === 409 && 'call' in verdict && accepted.has(verdict.call.requestId);
    assert.ok('refused' in verdict || taken, describeSent(sent));
    return undefined;
  }
  if (!('call' in verdict)) assert.fail(describeSent(sent));
  const { call } = verdict;
  assert.equal(answer.body?.requestId, call.requestId, describeSent(sent));
  const executionId = String(answer.body?.executionId).replace('UMA-', '');
  if (answer.headers['idempotent-replayed'] === 'true') {
    assert.equal(accepted.get(call.requestId), executionId, describeSent(sent));
    return undefined;
  }
  assert.ok(!accepted.has(call.requestId), describeSent(sent));
  accepted.set(call.requestId, executionId);
  messages += call.recipients.length;
  return { executionId, call };
}

/** Every accepted call is in the ledger with exactly its recipients. */
async function checkLedger(expected: { executionId: string; call: ExpectedCall }[]): Promise<void> {
  const { rows } = await pool.query<{ id: string; request_id: string; messages: number; content: string }>(
    `SELECT execution_id AS id, request_id, cardinality(message_ids) AS messages, content
     FROM executions JOIN execution_contents USING (execution_id) WHERE execution_id = ANY($1)`,
    [expected.map((one) => one.executionId)],
  );
  const stored = new Map(rows.map((row) => [row.id, row]));
  for (const { executionId, call } of expected) {
    const row = stored.get(executionId);
    assert.ok(row, `seed ${SEED}: execution ${executionId} is in the ledger`);
    assert.equal(row.request_id, call.requestId);
    assert.equal(row.messages, call.recipients.length);
    // As values: what was sent is stored as it was written, and 0 can be written as -0.
    const [found, sent] = [JSON.parse(row.content).recipients, call.recipients].map((one) =>
      JSON.parse(JSON.stringify(one)),
    );
    assert.ok(isDeepStrictEqual(found, sent), `seed ${SEED}: ${row.content.slice(0, 500)}`);
  }
}

test(`${BODIES} mutated bodies, seed ${SEED}`, async (context) => {
  const begin = performance.now();
  const memory: number[] = [];
  for (let sent = 0; sent < BODIES; sent += ROUND) {
    const round: Sent[] = [];
    let next = sent;
    const end = Math.min(sent + ROUND, BODIES);
    const worker = async () => {
      while (next < end) round.push(await sendOne(next++));
    };
    await Promise.all(Array.from({ length: CONCURRENCY }, worker));
    // The first of two calls with one requestId is looked at before the second.
    const order = ({ answer }: Sent) => (answer.status !== 202 ? 2 : answer.headers['idempotent-replayed'] ? 1 : 0);
    round.sort((one, other) => order(one) - order(other));
    await checkLedger(round.map(checkAnswer).filter((one) => one !== undefined));
    memory.push(process.memoryUsage.rss());
  }
  const seconds = (performance.now() - begin) / 1_000;

  const { rows } = await pool.query(
    `SELECT (SELECT count(*) FROM request_keys)::int AS keys, (SELECT count(*) FROM executions)::int AS executions,
            (SELECT count(*) FROM execution_contents)::int AS contents, (SELECT count(*) FROM messages)::int AS messages,
            (SELECT coalesce(sum(cardinality(message_ids)), 0) FROM batches)::int AS batched,
            (SELECT count(*) FROM batches)::int AS batches, (SELECT count(*) FROM profiles)::int AS profiles`,
  );
  const { size } = accepted;
  assert.deepEqual(rows[0], {
    keys: size,
    executions: size,
    contents: size,
    messages,
    batched: messages,
    batches: ingress.enqueued(),
    profiles: 0,
  });
  assert.equal(({} as Record<string, unknown>).polluted, undefined, 'no prototype was changed');
  assert.ok(size > BODIES / 50, 'some bodies stay valid');
  assert.ok(codes.size >= 8, 'many rules are reached');

  durations.sort((one, other) => one - other);
  const longest = durations.at(-1)!;
  assert.ok(longest < LONGEST_ANSWER_MS, `the longest answer took ${longest} ms`);
  const third = Math.ceil(memory.length / 3);
  const warm = Math.max(...memory.slice(0, third));
  const late = Math.min(...memory.slice(-third));
  const megabytes = (bytes: number) => Math.round(bytes / 1_048_576);
  assert.ok(late < warm * 1.3 + 64 * 1_048_576, `memory went from ${megabytes(warm)} to ${megabytes(late)} MB`);

  const at = (share: number) => `${durations[Math.floor(durations.length * share)]!.toFixed(1)} ms`;
  const sorted = (counts: Map<unknown, number>) => JSON.stringify(Object.fromEntries([...counts].sort()));
  context.diagnostic(`${BODIES} bodies in ${seconds.toFixed(1)} s, seed ${SEED}; statuses ${sorted(statuses)}`);
  context.diagnostic(`codes ${sorted(codes)}`);
  context.diagnostic(`answers: half in ${at(0.5)}, 99 % in ${at(0.99)}, longest ${longest.toFixed(1)} ms`);
  context.diagnostic(
    `memory: warm ${megabytes(warm)} MB, at the end ${megabytes(memory.at(-1)!)} MB; ${messages} messages written`,
  );
});
