import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { readWebhook, replaceWebhook, replayDeadPosts } from '@outrigger/store';
import { openTestLedger, waitFor } from '@outrigger/testkit';
import { webhookEvent } from '../../packages/contracts/src/webhook-event.ts';
import { createTold, SENT, startReceiver, tellHere } from './world.ts';

const { pool } = await openTestLedger();
const notifier = tellHere(pool, { postTimeoutMs: 1_000 });
after(() => notifier.stop());

const FAILED = { state: 'failed', code: 'permanent.recipient', detail: 'person0@example.com is gone' } as const;
const EXCLUDED = { state: 'excluded', code: '050102' } as const;
const ALL = ['sent', 'delivered', 'bounce', 'error', 'exclude', 'delay', 'complaint', 'denylist'];

async function receiver(
  t: { after(done: () => unknown): void },
  reply: Parameters<typeof startReceiver>[0] = () => undefined,
) {
  const made = await startReceiver(reply);
  t.after(() => made.close());
  return made;
}

describe('what a webhook is told (F094)', () => {
  test('sent: one event a post, whole, with null where there is no value', async (t) => {
    const hook = await receiver(t);
    const told = await createTold(pool, hook.url, { settings: { headers: { 'x-shop': 'blue' } } });
    const call = await told.ended(SENT);
    await hook.arrived(1);
    const [post] = hook.requests;
    const [event] = hook.events();
    webhookEvent.parse(event);
    const { rows } = await pool.query('SELECT org_id, sandbox_name FROM tenants WHERE tenant_id = $1', [told.tenantId]);
    assert.deepEqual(event, {
      requestId: call.requestId,
      imsOrg: rows[0].org_id,
      sandbox: { id: String(told.tenantId), name: rows[0].sandbox_name },
      channel: 'email',
      eventType: 'message.feedback',
      timestamp: event.timestamp,
      channelContext: { profileAddress: 'person0@example.com', profileNumber: null },
      messageExecution: {
        messageExecutionID: `UMA-${call.executionId}`,
        messageType: 'transactional',
        campaignID: told.campaignId,
        campaignVersionID: told.versionId,
        campaignType: 'ApiTriggered',
        messageID: call.messageIds[0],
        messageProfileID: call.messageIds[0],
      },
      messageDeliveryFeedback: {
        feedbackStatus: { value: 'sent' },
        ...{
          messageExclusion: null,
          messageFailure: null,
          retryCount: 0,
          responseCode: null,
          responseDurationMillis: null,
        },
        ...{
          encoding: null,
          numberOfMessageParts: null,
          deliveryTimestamp: null,
          offers: null,
          possibleDuplicate: false,
        },
      },
      identityMap: { email: [{ id: 'person0@example.com', primary: true }] },
      metadata: null,
    });
    assert.equal(post!.method, 'POST');
    assert.equal(post!.headers['x-webhook-id'], `${call.messageIds[0]}:1`);
    assert.equal(post!.headers['content-type'], 'application/json; charset=utf-8');
    assert.equal(post!.headers['x-shop'], 'blue');
  });

  test('delivered, bounce, out_of_band, error, and by subscription exclude, delay and complaint', async (t) => {
    const hook = await receiver(t);
    const told = await createTold(pool, hook.url, { settings: { events: ALL } });
    const call = await told.ended(SENT, 3);
    const [first, second, third] = call.messageIds as [string, string, string];
    const now = Date.now();
    await told.reported(first, 'delivered', { at: new Date(now - 2_000) });
    await told.reported(first, 'bounced', { class: 'hard', at: new Date(now - 1_000) });
    await told.reported(second, 'bounced', { class: 'hard' });
    await told.reported(third, 'delayed');
    await told.reported(third, 'complained');
    await told.ended(FAILED);
    await told.ended(EXCLUDED);
    await hook.arrived(10);
    assert.deepEqual(hook.statuses().toSorted(), [
      ...['bounce', 'complaint', 'delay', 'delivered', 'error', 'exclude', 'out_of_band', 'sent', 'sent', 'sent'],
    ]);
    const find = (value: string) =>
      hook.events().find((event) => event.messageDeliveryFeedback.feedbackStatus.value === value)
        .messageDeliveryFeedback;
    assert.deepEqual(find('error').messageFailure, {
      category: 'sync',
      type: 'Hard',
      code: 'permanent.recipient',
      reason: 'The provider refuses this recipient for good.',
    });
    assert.deepEqual(find('exclude').messageExclusion, { code: '050102', reason: 'EmailSuppressed' });
    assert.deepEqual(find('bounce').messageFailure, {
      category: 'async',
      type: 'Hard',
      code: '10',
      reason: 'Invalid Recipient',
    });
    assert.equal(find('delivered').deliveryTimestamp, new Date(now - 2_000).toISOString());
    for (const event of hook.events()) webhookEvent.parse(event);
    assert.equal(new Set(hook.ids()).size, 10);
  });

  test('what the content noted about its message (F096), and null for one that was never handed over', async (t) => {
    const hook = await receiver(t);
    const told = await createTold(pool, hook.url, { settings: { events: ALL } });
    const noting = await told.ended(SENT, 1, { metadata: { order: '4711' } });
    await told.reported(noting.messageIds[0]!, 'delivered');
    await told.ended(EXCLUDED);
    await hook.arrived(3);
    const noted = hook.events().map((event) => [event.messageDeliveryFeedback.feedbackStatus.value, event.metadata]);
    assert.deepEqual(Object.fromEntries(noted), {
      sent: { order: '4711' },
      delivered: { order: '4711' },
      exclude: null,
    });
  });

  test('nothing of campaigns that have it switched off, of events nobody asked for, or of other channels (F009)', async (t) => {
    const hook = await receiver(t);
    const off = await createTold(pool, hook.url, { enabled: false });
    const textsOnly = await createTold(pool, hook.url, { settings: { channels: ['sms'] } });
    const errorsOnly = await createTold(pool, hook.url, { settings: { events: ['error'] } });
    for (const told of [off, textsOnly, errorsOnly]) await told.ended(SENT, 5);
    await off.ended(FAILED);
    await errorsOnly.ended(FAILED);
    await hook.arrived(1);
    for (const told of [off, textsOnly, errorsOnly]) {
      const { cursor_in: begun } = await told.standing();
      await waitFor('the cursor to pass all of it', async () => {
        const { rows } = await pool.query(
          'SELECT count(*)::int AS left FROM sent_events s JOIN webhooks w USING (tenant_id) WHERE s.tenant_id = $1 AND s.recorded_in >= w.cursor_in',
          [told.tenantId],
        );
        return rows[0].left === 0;
      });
      assert.ok(begun);
    }
    assert.deepEqual(hook.statuses(), ['error']);
  });

  test('sms with its number, and high throughput as high throughput', async (t) => {
    const hook = await receiver(t);
    const texts = await createTold(pool, hook.url, { lane: 'sms' });
    await texts.ended(SENT);
    await hook.arrived(1);
    const [event] = hook.events();
    assert.deepEqual(
      [event.channel, event.channelContext],
      ['sms', { profileAddress: null, profileNumber: 'person0@example.com' }],
    );
  });

  test('nothing is written anywhere for a tenant without a webhook', async () => {
    const told = await createTold(pool, undefined);
    await told.ended(SENT, 3);
    await told.ended(FAILED);
    assert.deepEqual([await told.standing(), await told.retries()], [undefined, []]);
  });
});

describe('a receiver that does not take it (F094)', () => {
  test('500, then 200: posted again with the same id, and taken once', async (t) => {
    const hook = await receiver(t, (_, times) => (times === 1 ? { status: 500 } : undefined));
    const told = await createTold(pool, hook.url);
    await told.ended(SENT);
    const [retry] = await waitFor('the retry to be kept', async () => {
      const kept = await told.retries();
      return kept.length === 1 && kept;
    });
    assert.deepEqual([retry.attempts, retry.problem, retry.died_at], [1, 'answered 500', null]);
    const waitMs = retry.due_at.getTime() - retry.first_failed_at.getTime();
    assert.ok(waitMs >= 5_000 && waitMs <= 10_000, `${waitMs}`);
    await told.hurry();
    await hook.arrived(2);
    await waitFor('the retry to be over', async () => (await told.retries()).length === 0);
    const [first, second] = hook.ids();
    assert.equal(first, second);
    assert.equal(hook.requests[0]!.body.toString(), hook.requests[1]!.body.toString());
    assert.ok((await told.standing()).last_success_at);
  });

  test('any other 4xx: three times, then it is a dead letter, and what comes after it is told', async (t) => {
    const bad = new Set<string>();
    const hook = await receiver(t, (post) =>
      bad.has(String(post.headers['x-webhook-id'])) ? { status: 422 } : undefined,
    );
    const told = await createTold(pool, hook.url);
    const call = await told.accept();
    bad.add(`${call.messageIds[0]}:1`);
    await told.record(call.messageIds, SENT);
    for (const attempts of [1, 2, 3]) {
      await waitFor(`attempt ${attempts}`, async () => (await told.retries())[0]?.attempts === attempts);
      await told.hurry();
    }
    const [dead] = await told.retries();
    assert.ok(dead.died_at);
    await told.ended(SENT);
    await hook.arrived(4);
    const line = notifier.lines.find((one) => one.includes('webhook.dead') && one.includes(dead.event_id))!;
    assert.deepEqual(JSON.parse(line), {
      ...{
        event: 'webhook.dead',
        tenant_id: told.tenantId,
        event_id: dead.event_id,
        attempts: 3,
        problem: 'answered 422',
      },
    });
  });

  test('410: it is not told any more until it is replaced, and then everything', async (t) => {
    let gone = true;
    const hook = await receiver(t, () => (gone ? { status: 410 } : undefined));
    const told = await createTold(pool, hook.url);
    await told.ended(SENT);
    await waitFor('the end', async () => (await told.standing()).gone_at !== null);
    await told.ended(SENT, 2);
    await told.hurry();
    const other = await createTold(pool, (await receiver(t)).url);
    await other.ended(SENT);
    await waitFor('another one', async () => (await other.standing()).last_success_at !== null);
    assert.equal(hook.requests.length, 1);
    const [waiting] = await told.retries();
    assert.deepEqual([waiting.attempts, waiting.died_at], [1, null]);
    assert.ok(notifier.lines.some((one) => one.includes('webhook.gone') && one.includes(`${told.tenantId}`)));
    gone = false;
    const webhook = (await readWebhook(pool, told.tenantId))!;
    assert.ok((await replaceWebhook(pool, told.tenantId, webhook, 'test'))!.goneAt === null);
    await hook.arrived(4);
    assert.equal(new Set(hook.ids()).size, 3);
  });

  test('429 with Retry-After: the endpoint is left alone as long as it asked', async (t) => {
    const hook = await receiver(t, (_, times) =>
      times === 1 ? { status: 429, headers: { 'retry-after': '40' } } : undefined,
    );
    const told = await createTold(pool, hook.url);
    await told.ended(SENT);
    const { paused_until: until } = await waitFor('the pause', async () => {
      const standing = await told.standing();
      return standing.paused_until !== null && standing;
    });
    const restMs = until.getTime() - Date.now();
    assert.ok(restMs > 25_000 && restMs <= 40_000, `${restMs}`);
    await told.ended(SENT);
    await told.hurry();
    await hook.arrived(3);
    assert.equal(new Set(hook.ids()).size, 2);
  });

  test('no answer in time: given up and tried again', async (t) => {
    const hook = await receiver(t, (_, times) => (times === 1 ? 'hang' : undefined));
    const told = await createTold(pool, hook.url);
    await told.ended(SENT);
    await waitFor('the retry', async () => (await told.retries())[0]?.problem === 'no answer in time');
    await told.hurry();
    await hook.arrived(2);
  });

  test('a redirect is a failure, and nobody follows it', async (t) => {
    const elsewhere = await receiver(t);
    const hook = await receiver(t, () => ({ status: 302, headers: { location: elsewhere.url } }));
    const told = await createTold(pool, hook.url);
    await told.ended(SENT);
    await waitFor('the retry', async () => (await told.retries())[0]?.problem === 'answered 302');
    assert.equal(elsewhere.requests.length, 0);
  });

  test('an endless answer is not read to its end', async (t) => {
    const hook = await receiver(t, () => ({ status: 200, body: 'x'.repeat(5_000_000) }));
    const told = await createTold(pool, hook.url);
    await told.ended(SENT, 3);
    await hook.arrived(3);
    await waitFor('the yes', async () => (await told.standing()).last_success_at !== null);
    assert.deepEqual(await told.retries(), []);
  });

  test('after 24 hours of failures an event is a dead letter', async (t) => {
    const hook = await receiver(t, () => ({ status: 503 }));
    const told = await createTold(pool, hook.url);
    await told.ended(SENT);
    await waitFor('the retry', async () => (await told.retries()).length === 1);
    await pool.query("UPDATE webhook_retries SET first_failed_at = now() - interval '25 hours' WHERE tenant_id = $1", [
      told.tenantId,
    ]);
    await told.hurry();
    await waitFor('its death', async () => (await told.retries())[0]?.died_at !== null);
  });

  test('a dead letter that is replayed is posted again under its id', async (t) => {
    let fixed = false;
    const hook = await receiver(t, () => (fixed ? undefined : { status: 422 }));
    const told = await createTold(pool, hook.url);
    await told.ended(SENT);
    await waitFor('its death', async () => {
      await told.hurry();
      return (await told.retries())[0]?.died_at instanceof Date;
    });
    fixed = true;
    const before = hook.requests.length;
    await replayDeadPosts(pool, told.tenantId, { limit: 10, by: 'test' });
    await hook.arrived(before + 1);
    await waitFor('it to be taken', async () => (await told.retries()).length === 0);
    assert.equal(new Set(hook.ids()).size, 1);
  });

  test('a dead endpoint holds up nobody else, its events wait in the ledger, and all of them come when it is back', async (t) => {
    let broken = true;
    const dead = await receiver(t, () => (broken ? 'hang' : undefined));
    const fine = await receiver(t);
    const [unlucky, lucky] = [await createTold(pool, dead.url), await createTold(pool, fine.url)];
    const calls = [];
    for (let i = 0; i < 3; i++) calls.push(await unlucky.ended(SENT, 20));
    await waitFor('the endpoint to be left alone', async () => (await unlucky.standing()).paused_until !== null);
    const begun = performance.now();
    await lucky.ended(SENT, 20);
    await fine.arrived(20);
    assert.ok(performance.now() - begun < 10_000);
    const tried = new Set(dead.ids()).size;
    assert.ok(tried < 40, `${tried} events were posted to a dead endpoint`);
    broken = false;
    const expected = calls.flatMap((call) => call.messageIds.map((id) => `${id}:1`));
    await waitFor('all of them', async () => {
      await unlucky.hurry();
      return (await unlucky.retries()).length === 0 && new Set(dead.ids()).size === expected.length;
    });
    assert.deepEqual([...new Set(dead.ids())].toSorted(), expected.toSorted());
  });
});

describe('nothing is lost between the ledger and the webhook (F094)', () => {
  test('an event of a transaction that commits after a younger one is told', async (t) => {
    const hook = await receiver(t);
    const told = await createTold(pool, hook.url);
    const call = await told.ended(SENT, 2);
    await hook.arrived(2);
    const slow = await pool.connect();
    await slow.query('BEGIN');
    const insert = `INSERT INTO message_feedback (message_id, fact, tenant_id, at, provider, account, source_id)
      VALUES ($1, 'delivered', $2, now(), 'ses', 'ses', 'x')`;
    await slow.query(insert, [call.messageIds[0], told.tenantId]);
    await told.reported(call.messageIds[1]!, 'delivered');
    // A second webhook, made now, is not told before either, because its horizon is the same.
    const other = await createTold(pool, hook.url);
    await other.ended(SENT);
    await slow.query('COMMIT');
    slow.release();
    await hook.arrived(5);
    assert.deepEqual(
      hook
        .ids()
        .filter((id) => id.endsWith(':delivered'))
        .toSorted(),
      call.messageIds.map((id) => `${id}:delivered`).toSorted(),
    );
  });

  test('more events than are read at once, of many transactions and of one, come each once', async (t) => {
    const hook = await receiver(t);
    const told = await createTold(pool, hook.url, { settings: { events: ALL } });
    const calls = [];
    for (let i = 0; i < 30; i++) calls.push(await told.ended(SENT, 20));
    calls.push(await told.ended(EXCLUDED, 100));
    const expected = calls.flatMap((call) => call.messageIds.map((id) => `${id}:1`));
    await hook.arrived(expected.length);
    assert.deepEqual(hook.ids().toSorted(), expected.toSorted());
  });

  test('a ledger that was restored on another server, where transactions count from anew, goes on', async (t) => {
    const hook = await receiver(t);
    const told = await createTold(pool, hook.url);
    await pool.query("UPDATE webhooks SET cursor_in = '99999999999' WHERE tenant_id = $1", [told.tenantId]);
    await waitFor('the cursor to be put right', async () => (await told.standing()).cursor_in !== '99999999999');
    await told.ended(SENT);
    await hook.arrived(1);
  });
});
