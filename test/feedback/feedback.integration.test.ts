import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, it } from 'node:test';
import { readSnsFeedback } from '@outrigger/aws-sns';
import { readSesFeedback, resolveEmailTargets } from '@outrigger/channel-email';
import { createCallbackStore, createPeopleSettings, pollQueue, readCallbacks } from '@outrigger/pipeline';
import { createLog } from '@outrigger/runtime';
import {
  acceptGroup,
  claimBatches,
  DEFAULT_PEOPLE_SETTINGS,
  type NewCallback,
  readExecution,
  recordOutcomes,
  storeCallbacks,
  upsertProfiles,
  writePeopleSettings,
} from '@outrigger/store';
import { openTestLedger, sesEvent, waitFor } from '@outrigger/testkit';
import { callFor, createLiveCampaign } from '../../packages/store/test/fixtures.ts';

const { pool } = await openTestLedger();
const log = createLog('test', 'error');
const deps = {
  pool,
  log,
  readers: { ses: readSesFeedback, sns: readSnsFeedback },
  resolveEmail: resolveEmailTargets,
  loadPeopleSettings: createPeopleSettings(pool),
  softBounceThreshold: 5,
};

const DAY_MS = 86_400_000;

/** A tenant whose messages were sent, each call to the same person. */
async function tenant(lane: 'email' | 'sms' = 'email') {
  const campaign = await createLiveCampaign(pool);
  async function sent(to: string, providerMessageId?: string, person: object = {}) {
    const identity = { userId: to, namespace: lane === 'email' ? 'email' : 'phone' };
    const content = JSON.stringify({ recipients: [{ type: 'external', ...identity, context: {}, ...person }] });
    const call = callFor(campaign, 1, { lane, content });
    await acceptGroup(pool, [call]);
    const messageId = call.messageIds[0]!;
    const record = async (id: string) => {
      const { rows } = await pool.query('SELECT batch_id FROM batches WHERE $1 = ANY (message_ids)', [messageId]);
      const token = randomUUID();
      await claimBatches(pool, [{ batchId: rows[0].batch_id, token }], 'worker', 60_000);
      const fence = { batchId: rows[0].batch_id as string, token, messageId, tenantId: campaign.tenantId };
      await recordOutcomes(pool, [
        { ...fence, pass: 1, provider: 'p', outcome: { state: 'sent', providerMessageId: id } },
      ]);
    };
    if (providerMessageId !== undefined) await record(providerMessageId);
    const look = async () => (await readExecution(pool, campaign.tenantId, call.executionId))!.messages[0]!;
    return { messageId, call, look, record };
  }
  async function listed(address: string) {
    const { rows } = await pool.query(
      `SELECT suppressed_type AS type, comment FROM suppressions WHERE tenant_id = $1 AND entity_value = $2 AND list_type = 'client'`,
      [campaign.tenantId, address],
    );
    return rows[0] as { type: string; comment: string } | undefined;
  }
  return { ...campaign, sent, listed };
}

const callback = (body: string, rest: Partial<NewCallback> = {}): NewCallback => ({
  provider: 'ses',
  account: 'ses-main',
  sourceId: randomUUID(),
  body,
  ...rest,
});
async function report(...callbacks: NewCallback[]): Promise<void> {
  await storeCallbacks(pool, callbacks);
  while ((await readCallbacks(deps)) > 0);
}
const soft = { bounceType: 'Transient', bounceSubType: 'MailboxFull' };
const daysAgo = (days: number) => new Date(Date.now() - days * DAY_MS).toISOString();
/** Messages of some days ago, so that what is said of them then can be believed. */
async function aged(executionId: string, days: number): Promise<void> {
  await pool.query(
    `UPDATE bundles SET accepted_at = accepted_at - $2 * interval '1 day' WHERE bundle_id = bundle_of($1::uuid)`,
    [executionId, days],
  );
}

describe('bounces and complaints', () => {
  it('a hard bounce suppresses the address that we sent to, at once, in its tenant', async () => {
    const [mine, other] = [await tenant(), await tenant()];
    const { messageId } = await mine.sent('Ada@Shop.Example', 'ses-1');
    await report(callback(sesEvent('Bounce', { messageId, to: 'ada@shop.example' })));
    assert.deepEqual(await mine.listed('ada@shop.example'), { type: 'HARD', comment: 'Invalid Recipient' });
    assert.equal(await other.listed('ada@shop.example'), undefined);
  });

  it('its address is found in the field that the sandbox has for addresses, as when it was sent', async () => {
    const [mine, other] = [await tenant(), await tenant()];
    await writePeopleSettings(pool, mine.tenantId, { ...DEFAULT_PEOPLE_SETTINGS, emailAddressField: 'work.mail' });
    const profile = (name: string) => ({
      profile: { work: { mail: `${name}@work.example` }, personalEmail: { address: `${name}@home.example` } },
    });
    const [named, unnamed, elsewhere] = await Promise.all([
      mine.sent('ada-1', 'a', profile('ada')),
      mine.sent('bea-1', 'b', profile('bea')),
      other.sent('cleo-1', 'c', profile('cleo')),
    ]);
    const namesNobody = JSON.parse(sesEvent('Bounce', { messageId: unnamed.messageId }));
    namesNobody.mail.destination = [];
    await report(
      callback(sesEvent('Bounce', { messageId: named.messageId, to: 'ada@work.example' })),
      callback(JSON.stringify(namesNobody)),
      callback(sesEvent('Bounce', { messageId: elsewhere.messageId, to: 'cleo@home.example' })),
    );
    const hard = { type: 'HARD', comment: 'Invalid Recipient' };
    assert.deepEqual([await mine.listed('ada@work.example'), await mine.listed('ada@home.example')], [hard, undefined]);
    assert.deepEqual([await mine.listed('bea@work.example'), await mine.listed('bea@home.example')], [hard, undefined]);
    assert.deepEqual(await other.listed('cleo@home.example'), hard);
  });

  it('its address is found in the stored profile of the person', async () => {
    const { sent, listed, tenantId } = await tenant();
    const ada = { namespace: 'email', value: 'login@shop.example' };
    const attributes = { personalEmail: { address: 'ada@home.example' } };
    await upsertProfiles(pool, tenantId, [{ identities: [ada], attributes }], 'replace');
    const { messageId } = await sent(ada.value, 'a', { type: 'aep' });
    await report(callback(sesEvent('Bounce', { messageId, to: 'ada@home.example' })));
    assert.equal((await listed('ada@home.example'))?.type, 'HARD');
    assert.equal(await listed(ada.value), undefined);
  });

  it('a complaint suppresses, and one that is none does not', async () => {
    const { sent, listed } = await tenant();
    const [angry, fine] = [await sent('angry@shop.example', 'a'), await sent('fine@shop.example', 'b')];
    await report(
      callback(sesEvent('Complaint', { messageId: angry.messageId, to: 'angry@shop.example' })),
      callback(
        sesEvent(
          'Complaint',
          { messageId: fine.messageId, to: 'fine@shop.example' },
          { complaintFeedbackType: 'not-spam' },
        ),
      ),
    );
    assert.deepEqual(await listed('angry@shop.example'), { type: 'HARD', comment: 'Spam Complaint' });
    assert.equal(await listed('fine@shop.example'), undefined);
  });

  it('an ignored bounce changes nothing', async () => {
    const { sent, listed } = await tenant();
    const { messageId, look } = await sent('big@shop.example', 'a');
    const part = { bounceType: 'Transient', bounceSubType: 'MessageTooLarge' };
    await report(callback(sesEvent('Bounce', { messageId, to: 'big@shop.example' }, part)));
    assert.equal(await listed('big@shop.example'), undefined);
    assert.deepEqual(
      (await look()).feedback.map(({ code, class: of }) => [code, of]),
      [['23', 'ignored']],
    );
  });

  it('the fifth soft bounce suppresses, days apart; a delivery in between sets the counter to zero', async () => {
    const { sent, listed } = await tenant();
    const to = 'full@shop.example';
    async function bounce(days: number) {
      const { messageId, call } = await sent(to, 'a');
      await aged(call.executionId, 30);
      await report(callback(sesEvent('Bounce', { messageId, to, at: daysAgo(days) }, soft)));
    }
    for (const days of [20, 18.9, 17, 16]) await bounce(days);
    const { messageId, call } = await sent(to, 'a');
    await aged(call.executionId, 30);
    await report(callback(sesEvent('Delivery', { messageId, to, at: daysAgo(15) })));
    for (const days of [14, 12, 10, 8]) await bounce(days);
    // Within a day of the one before it: the same full mailbox.
    await bounce(7.5);
    assert.equal(await listed(to), undefined);
    await bounce(6);
    assert.deepEqual(await listed(to), { type: 'SOFT', comment: 'Mailbox Full' });
  });

  it('said five times it is one bounce', async () => {
    const { sent, listed, tenantId } = await tenant();
    const to = 'once@shop.example';
    const { messageId } = await sent(to, 'a');
    const event = sesEvent('Bounce', { messageId, to }, soft);
    await report(...Array.from({ length: 5 }, () => callback(event)));
    assert.equal(await listed(to), undefined);
    const { rowCount } = await pool.query('SELECT FROM bounce_events WHERE tenant_id = $1', [tenantId]);
    assert.equal(rowCount, 1);
  });

  it('I16: an address that is not the one we sent to is neither believed nor kept', async () => {
    const { sent, listed } = await tenant();
    const { messageId } = await sent('ada@shop.example', 'a');
    await report(callback(sesEvent('Bounce', { messageId, to: 'victim@shop.example' })));
    assert.equal(await listed('victim@shop.example'), undefined);
    assert.equal(await listed('ada@shop.example'), undefined);
  });

  it('where the content was erased, the address that the provider was given stands in', async () => {
    const { sent, listed } = await tenant();
    const { messageId, call } = await sent('gone@shop.example', 'a');
    await pool.query('SELECT erase_contents(ARRAY[$1::uuid])', [call.executionId]);
    await report(callback(sesEvent('Complaint', { messageId, to: 'gone@shop.example' })));
    assert.equal((await listed('gone@shop.example'))?.type, 'HARD');
  });
});

describe('receipts of SNS', () => {
  const receipt = (
    messageId: string,
    status = 'SUCCESS',
    providerResponse = 'Message has been accepted by phone carrier',
  ) =>
    JSON.stringify({
      notification: { messageId, timestamp: new Date().toISOString().replace('T', ' ').replace('Z', '') },
      delivery: { destination: '+46701234567', providerResponse, smsType: 'Transactional' },
      status,
    });

  it('are found by the id that SNS gave', async () => {
    const { sent } = await tenant('sms');
    const snsId = randomUUID();
    const { look } = await sent('+46701234567', snsId);
    await report(callback(receipt(snsId), { provider: 'sns', account: 'sns' }));
    assert.deepEqual(
      (await look()).feedback.map((one) => one.fact),
      ['delivered'],
    );
  });

  it('F47: that come before our own record wait, and are found later', async () => {
    const { sent } = await tenant('sms');
    const snsId = randomUUID();
    const { look, record } = await sent('+46701234567');
    await report(
      callback(receipt(snsId, 'FAILURE', 'Phone number is opted out'), { provider: 'sns', sourceId: snsId }),
    );
    const waiting = await pool.query('SELECT result, due_at > now() AS later FROM callbacks WHERE source_id = $1', [
      snsId,
    ]);
    assert.deepEqual(waiting.rows, [{ result: 'orphan', later: true }]);
    await record(snsId);
    await pool.query('UPDATE callbacks SET due_at = now() WHERE source_id = $1', [snsId]);
    await report();
    assert.deepEqual(
      (await look()).feedback.map(({ fact, code }) => [fact, code]),
      [['bounced', '10']],
    );
    const { rows } = await pool.query('SELECT result, body FROM callbacks WHERE source_id = $1', [snsId]);
    assert.deepEqual(rows, [{ result: 'applied', body: null }]);
  });
});

describe('callbacks that say nothing', () => {
  const rows: [string, string, NewCallback][] = [
    ['quarantined', 'I13: not JSON', callback('hello')],
    ['quarantined', 'I13: a JSON bomb', callback('['.repeat(200_000))],
    ['quarantined', 'a NUL byte and half a surrogate pair', callback('{"eventType":"\0\uD800"}')],
    ['quarantined', 'a NUL byte in its id', callback('hello', { sourceId: `a\0${randomUUID()}` })],
    ['quarantined', 'a provider that nobody reads', callback('{}', { provider: 'pigeon' })],
    ['ignored', 'another sender of the same account', callback(sesEvent('Send', { to: 'x@shop.example' }))],
    ['orphan', 'F48: a message that nobody knows', callback(sesEvent('Send', { messageId: randomUUID() }))],
  ];
  for (const [result, name, one] of rows) {
    it(`are ${result}, and the next ones are read: ${name}`, async () => {
      const { sent } = await tenant();
      const { messageId, look } = await sent('ada@shop.example', 'a');
      await report(one, callback(sesEvent('Send', { messageId })));
      const sourceId = one.sourceId.replaceAll('\0', '\uFFFD');
      const found = await pool.query('SELECT result, body FROM callbacks WHERE source_id = $1', [sourceId]);
      assert.equal(found.rows[0].result, result);
      assert.equal(found.rows[0].body === null, result === 'ignored');
      assert.equal((await look()).feedback.length, 1);
    });
  }

  it('I10: the same notification five times is one row', async () => {
    const one = callback(sesEvent('Send', { messageId: randomUUID() }));
    await Promise.all([1, 2, 3, 4, 5].map(() => storeCallbacks(pool, [one])));
    await storeCallbacks(pool, [one, one]);
    const { rowCount } = await pool.query('SELECT FROM callbacks WHERE source_id = $1', [one.sourceId]);
    assert.equal(rowCount, 1);
  });

  it('several readers at once read each callback once', async () => {
    const { sent } = await tenant();
    const messages = await Promise.all(Array.from({ length: 20 }, (_, n) => sent(`p${n}@shop.example`, 'a')));
    const kinds = ['Send', 'Delivery', 'DeliveryDelay'] as const;
    const all = messages.flatMap(({ messageId }, n) =>
      kinds.map((kind) => callback(sesEvent(kind, { messageId, to: `p${n}@shop.example` }))),
    );
    await storeCallbacks(pool, all);
    const read = async () => {
      let count = 0;
      for (let n = -1; n !== 0; count += n) n = await readCallbacks(deps, 7);
      return count + 1;
    };
    await Promise.all([read(), read(), read(), read()]);
    for (const { look } of messages) assert.equal((await look()).feedback.length, 3);
  });
});

describe('polling a queue', () => {
  it('deletes a message only after it is stored, and says how far it is', async () => {
    const queue: { sourceId: string; body: string }[] = [callback('{}'), callback('{}')];
    const caught: number[] = [];
    let refusals = 2;
    const store = createCallbackStore(pool, () => undefined);
    const part = pollQueue({
      source: { provider: 'ses', account: 'queue' },
      queue: {
        most: 10,
        receive: async (signal) => {
          await new Promise((resolve) => setTimeout(resolve, 20));
          signal.throwIfAborted();
          return [...queue];
        },
        remove: async (messages) => {
          const ids = messages.map((message) => message.sourceId);
          const { rowCount } = await pool.query('SELECT FROM callbacks WHERE source_id = ANY ($1)', [ids]);
          assert.equal(rowCount, messages.length, 'stored before it is deleted');
          for (const message of messages) queue.splice(queue.indexOf(message), 1);
        },
        close: () => undefined,
      },
      readers: 1,
      store: (one) => (refusals-- > 0 ? Promise.reject(new Error('the ledger is away')) : store.store(one)),
      caughtUp: async (agoMs) => void caught.push(agoMs),
      log: createLog('test', 'silent'),
    });
    await waitFor('the queue to be empty', () => queue.length === 0 && caught.length > 1);
    await part.stop();
    assert.ok(
      caught.every((agoMs) => agoMs >= 15),
      'not later than when it began to ask',
    );
  });
});
