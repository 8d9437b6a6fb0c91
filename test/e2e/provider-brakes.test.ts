import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { hashSecret } from '@outrigger/pipeline';
import { createTestCaller, openTestLedger, type TestCaller, waitFor } from '@outrigger/testkit';
import { callToStrangers, createDemo, type LiveDemo, startStack, type TestStack } from './stack.ts';

const ledger = await openTestLedger();
const sandbox = (name: string) => ({ name, EMAIL_PROVIDER: 'sandbox' });
const RECIPIENTS = 20;

type Standing = { state: string; code: string | null; provider: string | null };

describe('brakes on provider accounts', () => {
  let stack: TestStack;
  let operator: TestCaller;
  let demo: LiveDemo;
  before(async () => {
    stack = await startStack(ledger, 'postgres');
    const { orgId, sandboxName } = stack.caller.tenant;
    operator = await createTestCaller(ledger.pool, hashSecret, { orgId, sandboxName, scopes: ['operate'] });
    await stack.services.get('email-worker')!.stop();
    await stack.start('email-worker', { EMAIL_ACCOUNTS: JSON.stringify([sandbox('first'), sandbox('second')]) });
    demo = await createDemo(stack, 'order');
  });
  after(() => stack.stop());

  async function brake(target: string, action: string, ratePerSecond?: number): Promise<string> {
    const body = { scope: 'provider', target, action, ...(ratePerSecond && { ratePerSecond }) };
    const answer = await stack.call('control', 'POST', '/operations/brakes', body, operator);
    assert.equal(answer.status, 201, JSON.stringify(answer.body));
    return String(answer.body.brakeId);
  }
  async function release(brakeId: string): Promise<void> {
    const answer = await stack.call('control', 'DELETE', `/operations/brakes/${brakeId}`, undefined, operator);
    assert.equal(answer.status, 200);
  }

  /** Triggers `count` messages and returns their ids. */
  async function queue(count: number): Promise<string[]> {
    const calls = Array.from({ length: count / RECIPIENTS }, () => callToStrangers(demo, RECIPIENTS));
    const answers = await Promise.all(calls.map((call) => stack.trigger(call)));
    const executions = answers.map((answer) => String(answer.body.executionId).replace('UMA-', ''));
    const { rows } = await stack.pool.query<{ id: string }>(
      'SELECT unnest(message_ids) AS id FROM executions WHERE execution_id = ANY ($1)',
      [executions],
    );
    assert.equal(rows.length, count);
    return rows.map((row) => row.id);
  }

  async function standing(ids: string[]): Promise<Standing[]> {
    const { rows } = await stack.pool.query<Standing>(
      `SELECT DISTINCT ON (message_id) state, code, provider FROM message_history WHERE message_id = ANY ($1)
       ORDER BY message_id, sequence DESC`,
      [ids],
    );
    return rows;
  }
  async function allAre(state: string, ids: string[]): Promise<Standing[]> {
    return waitFor(`all ${ids.length} to be ${state}`, async () => {
      const rows = await standing(ids);
      return rows.length === ids.length && rows.every((row) => row.state === state) && rows;
    });
  }
  /** Instants of the hand-overs, by the clock of the ledger, which this machine shares. */
  async function handedOverAt(ids: string[]): Promise<number[]> {
    const { rows } = await stack.pool.query<{ at: number }>(
      `SELECT extract(epoch FROM created_at)::float8 * 1000 AS at FROM sandbox_records WHERE message_id = ANY ($1) ORDER BY 1`,
      [ids],
    );
    return rows.map((row) => row.at);
  }

  test('a canceled account is left for the others, and so is a paused one', async () => {
    const brakes = [await brake('first', 'cancel')];
    const ids = await queue(20);
    assert.deepEqual(new Set((await allAre('sent', ids)).map((row) => row.provider)), new Set(['second']));
    brakes.push(await brake('first', 'pause'));
    const more = await queue(20);
    assert.deepEqual(new Set((await allAre('sent', more)).map((row) => row.provider)), new Set(['second']));
    await release(brakes[1]!);
  });

  test('with all accounts paused messages wait, and go out through whichever is opened first', async () => {
    const [first, second] = [await brake('first', 'pause'), await brake('second', 'pause')];
    const ids = await queue(20);
    assert.deepEqual(new Set((await allAre('deferred', ids)).map((row) => row.code)), new Set(['policy.paused']));
    await release(second);
    assert.deepEqual(new Set((await allAre('sent', ids)).map((row) => row.provider)), new Set(['second']));
    await release(first);
  });

  test('a throttle in place of a pause lets what was held out at its rate, and a cancel ends the rest within two seconds', async (t) => {
    const other = await brake('second', 'pause');
    await brake('first', 'pause');
    const ids = await queue(200);
    await allAre('deferred', ids);
    await brake('first', 'throttle', 20);
    const before = await waitFor('forty to be handed over', async () => {
      const times = await handedOverAt(ids);
      return times.length >= 40 && times;
    });
    const tookMs = before[39]! - before[0]!;
    assert.ok(tookMs > 1_000, `forty at twenty a second took ${Math.round(tookMs)} ms`);
    // The second account has to be closed for good too: with one that is only paused, messages wait for it.
    await release(other);
    const rest = await brake('second', 'cancel');
    const cancel = await brake('first', 'cancel');
    const canceledAt = Date.now();
    const ended = await waitFor('all to end', async () => {
      const rows = await standing(ids);
      return rows.length === ids.length && rows.every((row) => ['sent', 'canceled'].includes(row.state)) && rows;
    });
    const canceled = ended.filter((row) => row.state === 'canceled');
    const last = (await handedOverAt(ids)).at(-1)! - canceledAt;
    t.diagnostic(
      `40 at 20 a second took ${Math.round(tookMs)} ms; canceled ${canceled.length} of 200; the last hand-over was ${Math.round(last)} ms after the answer`,
    );
    assert.ok(canceled.length > 0);
    assert.deepEqual(new Set(canceled.map((row) => row.code)), new Set(['canceled.by_operator']));
    assert.ok(last < 2_000, `handed over ${Math.round(last)} ms after the answer`);
    await release(rest);
    await release(cancel);
    assert.equal((await handedOverAt(ids)).length, 200 - canceled.length, 'nothing of it goes out later');
    await allAre('sent', await queue(20));
  });

  test('a throttle reaches what a worker has claimed and not begun', async (t) => {
    const other = await brake('second', 'pause');
    const slow = await brake('first', 'throttle', 10);
    const ids = await queue(100);
    await waitFor('the first to be handed over', async () => (await handedOverAt(ids)).length > 0);
    const faster = await brake('first', 'throttle', 1_000);
    const at = Date.now();
    await allAre('sent', ids);
    t.diagnostic(`100 messages, first at 10 a second: all sent ${Date.now() - at} ms after the throttle was lifted`);
    assert.equal(
      (await stack.call('control', 'DELETE', `/operations/brakes/${slow}`, undefined, operator)).status,
      404,
    );
    await release(faster);
    await release(other);
  });
});
