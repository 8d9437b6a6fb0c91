import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import {
  openTestLedger,
  type ServiceProcess,
  type SnsEmulator,
  type SnsMessage,
  startService,
  startSnsEmulator,
  waitFor,
} from '@outrigger/testkit';

const ledger = await openTestLedger();

describe('the gateway', () => {
  let gateway: ServiceProcess;
  let sns: SnsEmulator;
  const start = (sources: unknown) =>
    startService('gateway', {
      DATABASE_URL: ledger.databaseUrl,
      DATABASE_SCHEMA: ledger.schema,
      CALLBACK_SOURCES: typeof sources === 'string' ? sources : JSON.stringify(sources),
    });
  const source = () => ({ provider: 'ses', account: 'ses-main', topics: [sns.topic], endpoint: sns.url });

  before(async () => {
    sns = await startSnsEmulator();
    gateway = await start([source()]);
  });
  after(async () => {
    await gateway.stop();
    await sns.close();
  });

  async function post(body: string, path = '/callbacks/ses/ses-main', type = 'text/plain; charset=UTF-8') {
    const response = await fetch(`${gateway.url}${path}`, { method: 'POST', headers: { 'content-type': type }, body });
    const text = await response.text();
    const code = text.startsWith('{') ? /errors\/([A-Z]+-\d+)/.exec(text)?.[1] : text;
    return [response.status, code];
  }
  const send = (message: SnsMessage) => post(JSON.stringify(message));
  const stored = async (sourceId: unknown) =>
    (await ledger.pool.query('SELECT result FROM callbacks WHERE source_id = $1', [sourceId])).rows;

  it('answers 200 when the callback is on disk, and the same one again is the same row', async () => {
    const message = sns.notification('not an event');
    assert.deepEqual(await send(message), [200, 'stored']);
    assert.equal((await stored(message.MessageId)).length, 1);
    assert.deepEqual(await send(message), [200, 'stored']);
    await waitFor('it to be read', async () => (await stored(message.MessageId))[0].result === 'quarantined');
    assert.equal((await stored(message.MessageId)).length, 1);
  });

  const rows: [string, number, string, () => Promise<unknown[]>][] = [
    ['an account that is not configured', 404, 'MSG-000404', () => post('{}', '/callbacks/ses/other')],
    ['a provider that is not configured', 404, 'MSG-000404', () => post('{}', '/callbacks/sns/ses-main')],
    ['a path from the prototype', 404, 'MSG-000404', () => post('{}', '/callbacks/__proto__/constructor')],
    ['I01: a body that is not JSON', 400, 'FBK-000001', () => post('hello')],
    ['I01: no body', 400, 'FBK-000001', () => post('')],
    [
      'I01: JSON that is not from SNS',
      400,
      'FBK-000001',
      () => post('{"eventType":"Send"}', undefined, 'application/json'),
    ],
    ['a body of two megabytes', 413, 'MSG-000413', () => post('x'.repeat(2_097_152))],
    ['another topic', 403, 'FBK-000003', () => send(sns.notification('{}', { TopicArn: `${sns.topic}x` }))],
    ['a forged message', 403, 'FBK-000002', () => send(sns.notification('{}', {}, { Message: '{"forged":1}' }))],
    [
      'an old message',
      403,
      'FBK-000004',
      () => send(sns.notification('{}', { Timestamp: '2020-01-01T00:00:00.000Z' })),
    ],
    [
      'a certificate that cannot be had now',
      503,
      'FBK-000005',
      () =>
        send(
          sns.notification('{}', {
            SigningCertURL: 'https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-broken.pem',
          }),
        ),
    ],
  ];
  for (const [name, status, code, act] of rows) {
    it(`refuses ${name} and stores nothing`, async () => {
      const before = await ledger.pool.query('SELECT FROM callbacks');
      assert.deepEqual(await act(), [status, code]);
      const now = await ledger.pool.query('SELECT FROM callbacks');
      assert.equal(now.rowCount, before.rowCount);
    });
  }

  it('takes a message as large as SNS sends', async () => {
    assert.deepEqual(await send(sns.notification('"'.repeat(262_144))), [200, 'stored']);
  });

  it('takes POST alone', async () => {
    const response = await fetch(`${gateway.url}/callbacks/ses/ses-main`);
    assert.deepEqual([response.status, response.headers.get('allow')], [405, 'POST']);
  });

  it('confirms a subscription, and says aloud when somebody takes it away', async () => {
    assert.deepEqual(await send(sns.confirmation('SubscriptionConfirmation')), [200, 'confirmed']);
    assert.ok(sns.requests.some((request) => request.path.includes('Action=ConfirmSubscription')));
    assert.deepEqual(await send(sns.confirmation('UnsubscribeConfirmation')), [200, 'noted']);
    await waitFor('the log to say so', () => gateway.lines.some((line) => line.includes('callbacks.unsubscribed')));
  });

  it('F8: killed again and again while callbacks come in, it has each that it answered, once', async () => {
    const answered: unknown[] = [];
    const messages = Array.from({ length: 60 }, () => sns.notification('x', { MessageId: randomUUID() }));
    for (const [place, message] of messages.entries()) {
      const sending = send(message).then(
        ([status]) => status === 200 && answered.push(message.MessageId),
        () => undefined,
      );
      if (place % 20 === 10) {
        await gateway.kill();
        gateway = await start([source()]);
      }
      await sending;
    }
    assert.ok(answered.length > 40, `${answered.length} were answered`);
    // As SNS does: what was not answered is sent again, and so is some of what was.
    for (const message of messages) assert.deepEqual(await send(message), [200, 'stored']);
    const { rows } = await ledger.pool.query(
      'SELECT count(*)::int AS n, count(DISTINCT source_id)::int AS ids FROM callbacks WHERE source_id = ANY ($1)',
      [messages.map((message) => message.MessageId)],
    );
    assert.deepEqual(rows, [{ n: 60, ids: 60 }]);
  });

  const wrong: [string, unknown][] = [
    ['no JSON', '[{"secret_access_key":"hush"'],
    ['a topic that is none', [{ provider: 'ses', account: 'a', topics: ['hush'] }]],
    ['neither topics nor a queue', [{ provider: 'ses', account: 'a' }]],
    [
      'half of a key',
      [{ provider: 'ses', account: 'a', topics: ['arn:aws:sns:eu-central-1:123456789012:x'], access_key_id: 'hush' }],
    ],
    [
      'a queue without a region',
      [{ provider: 'ses', account: 'a', queue_url: 'https://sqs.eu-central-1.amazonaws.com/1/hush' }],
    ],
    ['a member that nobody knows', [{ provider: 'ses', account: 'a', topics: [], secret_word: 'hush' }]],
  ];
  for (const [name, sources] of wrong) {
    it(`does not start with ${name}, and shows no value`, async () => {
      await assert.rejects(start(sources), (error: Error) => {
        assert.match(error.message, /CALLBACK_SOURCES/);
        assert.doesNotMatch(error.message, /hush"/);
        return true;
      });
    });
  }
});
