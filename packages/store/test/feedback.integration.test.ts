import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, it } from 'node:test';
import type { Feedback } from '@outrigger/core';
import {
  acceptGroup,
  claimBatches,
  decideUnsettled,
  declareSources,
  type FeedbackItem,
  inTransaction,
  markCaughtUp,
  type Pool,
  readExecution,
  recordFeedback,
  recordOutcomes,
  storeCallbacks,
} from '@outrigger/store';
import { openTestLedger } from '@outrigger/testkit';
import fc from 'fast-check';
import { callFor, createLiveCampaign } from './fixtures.ts';

const { pool } = await openTestLedger();
const PAST = new Date(0);

/** A message of a fresh tenant that a worker has claimed. */
async function claimed(lane: 'email' | 'sms' = 'email') {
  const campaign = await createLiveCampaign(pool);
  const call = callFor(campaign, 1, { lane });
  await acceptGroup(pool, [call]);
  const messageId = call.messageIds[0]!;
  const { rows } = await pool.query('SELECT batch_id FROM batches WHERE $1 = ANY (message_ids)', [messageId]);
  const wanted = [{ batchId: rows[0].batch_id as string, token: randomUUID() }];
  const [batch] = [...(await claimBatches(pool, wanted, 'worker', 60_000)).values()];
  const record = (policy: 'resend' | 'hold', decideAt: Date) =>
    recordOutcomes(pool, [
      {
        batchId: batch!.batchId,
        token: batch!.token,
        messageId,
        tenantId: campaign.tenantId,
        outcome: { state: 'unknown', code: 'ambiguous.timeout' },
        provider: 'ses-main',
        policy,
        decideAt,
      },
    ]);
  const look = async () => (await readExecution(pool, campaign.tenantId, call.executionId))!.messages[0]!;
  return { ...campaign, call, messageId, record, look };
}

function said(messageId: string, fact: Feedback['fact'], rest: Partial<FeedbackItem & Feedback> = {}): FeedbackItem {
  const { statedAt = new Date(), code, ...item } = rest;
  return {
    feedback: {
      of: { messageId },
      fact,
      statedAt,
      providerMessageId: 'ses-1',
      concernsAddress: false,
      ...(code && { code }),
    },
    class: '',
    provider: 'ses',
    account: 'ses-main',
    sourceId: randomUUID(),
    receivedAt: new Date(),
    ...item,
  };
}

const report = (...items: FeedbackItem[]) => inTransaction(pool, (client) => recordFeedback(client, items));

async function endOfEverything(where: Pool, messageId: string) {
  const { rows } = await where.query<{ n: number }>(
    `SELECT (SELECT count(*) FROM unsettled_messages WHERE message_id = $1)::int
       + (SELECT count(*) FROM dead_letters WHERE message_id = $1)::int
       + (SELECT count(*) FROM batches WHERE $1 = ANY (message_ids))::int AS n`,
    [messageId],
  );
  return rows[0]!.n;
}

describe('evidence', () => {
  it("settles a message that waits for it, with the provider's id and account", async () => {
    const message = await claimed();
    await message.record('resend', new Date(Date.now() + 60_000));
    assert.equal((await message.look()).state, 'unknown');
    await report(said(message.messageId, 'sent'));
    const settled = await message.look();
    assert.equal(settled.state, 'sent');
    assert.equal(settled.events.at(-1)!.providerMessageId, 'ses-1');
    assert.equal(settled.events.at(-1)!.provider, 'ses-main');
    assert.equal(await endOfEverything(pool, message.messageId), 0);
  });

  it('settles a message that is held for a person, and takes it out of the dead letters', async () => {
    const message = await claimed();
    await message.record('hold', PAST);
    await decideUnsettled(pool);
    assert.equal(await endOfEverything(pool, message.messageId), 1);
    await report(said(message.messageId, 'delivered'));
    assert.equal((await message.look()).state, 'sent');
    assert.equal(await endOfEverything(pool, message.messageId), 0);
  });

  it('that came before the message was known to be unknown settles it as soon as it is', async () => {
    const message = await claimed();
    await report(said(message.messageId, 'sent'));
    assert.equal((await message.look()).state, 'sending');
    await message.record('resend', new Date(Date.now() + 60_000));
    assert.equal((await message.look()).state, 'sent');
  });

  it('that slipped in beside the record is found before the policy decides', async () => {
    const message = await claimed();
    await message.record('resend', PAST);
    // As a transaction that saw nothing unsettled would have left it.
    await pool.query(
      `INSERT INTO message_feedback (message_id, fact, tenant_id, at, provider, account, source_id, provider_message_id)
       VALUES ($1, 'sent', $2, now(), 'ses', 'ses-main', 'x', 'ses-7')`,
      [message.messageId, message.tenantId],
    );
    const decided = await decideUnsettled(pool);
    assert.equal(decided.evidenced, 1);
    assert.equal(decided.resent, 0);
    assert.equal((await message.look()).state, 'sent');
  });

  it('leaves a message that failed, was sent or is waiting as it is', async () => {
    const message = await claimed();
    await report(said(message.messageId, 'bounced', { class: 'hard', code: '10' }));
    assert.equal((await message.look()).state, 'sending');
    assert.equal((await message.look()).events.length, 1);
  });

  it('for a message that nobody knows changes nothing', async () => {
    const { recorded } = await report(said(randomUUID(), 'sent'));
    assert.deepEqual(recorded, [undefined]);
  });

  it('of another tenant is shown to that tenant alone', async () => {
    const [mine, theirs] = [await claimed(), await claimed()];
    await report(said(theirs.messageId, 'complained'));
    assert.deepEqual((await mine.look()).feedback, []);
    assert.equal((await theirs.look()).feedback.length, 1);
    assert.equal(await readExecution(pool, mine.tenantId, theirs.call.executionId), undefined);
  });
});

describe('the policy', () => {
  it('waits while a callback from before the end of the window is not read yet, and no longer than the grace', async () => {
    const message = await claimed();
    await storeCallbacks(pool, [{ provider: 'ses', account: 'a', sourceId: 'late', body: '{}' }]);
    await message.record('resend', new Date());
    assert.equal((await decideUnsettled(pool)).resent, 0);
    await pool.query("UPDATE unsettled_messages SET decide_at = now() - interval '16 minutes'");
    await pool.query("UPDATE callbacks SET received_at = now() - interval '17 minutes'");
    assert.equal((await decideUnsettled(pool)).resent, 1);
    await pool.query('DELETE FROM callbacks');
  });

  it('waits for a source of the channel that lags behind, and for no other channel', async () => {
    const source = { provider: 'ses', account: 'lagging', channels: ['email'] };
    await declareSources(pool, [source]);
    await pool.query("UPDATE callback_sources SET caught_up_at = now() - interval '1 minute'");
    const [email, sms] = [await claimed('email'), await claimed('sms')];
    await email.record('resend', new Date());
    await sms.record('resend', new Date());
    assert.equal((await decideUnsettled(pool)).resent, 1);
    assert.equal((await sms.look()).state, 'queued');
    await markCaughtUp(pool, source, 0);
    assert.equal((await decideUnsettled(pool)).resent, 1);
    assert.equal((await email.look()).state, 'queued');
    await declareSources(pool, []);
    assert.equal((await pool.query('SELECT FROM callback_sources')).rowCount, 0);
  });
});

describe('facts (P26)', () => {
  const kinds = [
    ['sent', ''],
    ['delivered', ''],
    ['delayed', ''],
    ['bounced', 'soft'],
    ['bounced', 'hard'],
    ['complained', ''],
  ] as const;

  it('are the same in any order, repeated, in any groups', async () => {
    const base = Date.now();
    const events = fc.array(fc.record({ kind: fc.nat(kinds.length - 1), second: fc.nat(5), id: fc.nat(9) }), {
      minLength: 1,
      maxLength: 8,
    });
    await fc.assert(
      fc.asyncProperty(
        events,
        fc.infiniteStream(fc.nat(1_000)),
        fc.infiniteStream(fc.integer({ min: 1, max: 3 })),
        async (list, order, sizes) => {
          const seen: unknown[] = [];
          for (const shuffle of [false, true]) {
            const { messageId, look } = await claimed();
            const items = list.map(({ kind, second, id }) =>
              said(messageId, kinds[kind]![0], {
                class: kinds[kind]![1],
                statedAt: new Date(base + second * 1_000),
                sourceId: `event-${kind}-${second}-${id}`,
              }),
            );
            const queue = shuffle
              ? [...items, ...items]
                  .map((item) => ({ item, place: order.next().value! }))
                  .toSorted((a, b) => a.place - b.place)
                  .map(({ item }) => item)
              : items;
            while (queue.length > 0) await report(...queue.splice(0, shuffle ? sizes.next().value! : 1));
            seen.push((await look()).feedback.map(({ fact, class: of, at }) => `${fact} ${of} ${at.getTime()}`));
          }
          assert.deepEqual(seen[1], seen[0]);
        },
      ),
      { numRuns: 25 },
    );
  });

  it('have the arrival as their time where the stated one cannot be true, and keep what was stated', async () => {
    const { messageId, look } = await claimed();
    await report(
      said(messageId, 'sent', { statedAt: new Date(0) }),
      said(messageId, 'delivered', { statedAt: new Date('2999-01-01') }),
      said(messageId, 'delayed', { statedAt: new Date('+200000-01-01') }),
    );
    for (const fact of (await look()).feedback) assert.ok(Math.abs(fact.at.getTime() - Date.now()) < 60_000, fact.fact);
    const stated = (await look()).feedback.find((one) => one.fact === 'sent')!.statedAt;
    assert.equal(stated!.getTime(), 0);
  });
});
