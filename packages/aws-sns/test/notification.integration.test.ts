import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { confirmSubscription, createCertificateFetcher, parseTopic, receiveNotification } from '@outrigger/aws-sns';
import { type SnsEmulator, type SnsMessage, startSnsEmulator } from '@outrigger/testkit/sns-emulator';

const HOST = 'https://sns.eu-central-1.amazonaws.com';
const hoursAgo = (hours: number) => new Date(Date.now() - hours * 3_600_000).toISOString();

describe('what is posted to a callback address', () => {
  let sns: SnsEmulator;
  before(async () => {
    sns = await startSnsEmulator();
  });
  after(() => sns.close());

  function receive(body: unknown) {
    const fetchCertificate = createCertificateFetcher({ origin: sns.url });
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    return receiveNotification(text, { topics: [sns.topic], fetchCertificate });
  }
  const code = async (body: unknown) => {
    const received = await receive(body);
    return 'refusal' in received ? received.refusal.code : received.kind;
  };
  const withUrl = (SigningCertURL: unknown) => sns.notification('{}', {}, { SigningCertURL });
  const withCertificate = (name: string) =>
    sns.notification('{}', { SigningCertURL: `${HOST}/SimpleNotificationService-${name}.pem` });

  const believed: [string, () => SnsMessage][] = [
    ['signature version 2', () => sns.notification('{}')],
    ['signature version 1', () => sns.notification('{}', { SignatureVersion: '1' })],
    [
      'a subject and characters of every kind',
      () => sns.notification('{"a":"ü\\n\u2028"}\n', { Subject: 'Ä subject\n' }),
    ],
    ['I09: made two hours ago', () => sns.notification('{}', { Timestamp: hoursAgo(2) })],
    ['I13: a message that is not JSON', () => sns.notification('not JSON')],
    ['I13: a message that is deeply nested', () => sns.notification('['.repeat(100_000))],
  ];
  for (const [name, message] of believed) {
    it(`is believed: ${name}`, async () => assert.equal(await code(message()), 'notification'));
  }

  const refused: [string, string, () => unknown][] = [
    ['FBK-000001', 'I01: not JSON', () => 'hello'],
    ['FBK-000001', 'I01: empty', () => ''],
    ['FBK-000001', 'I01: null', () => 'null'],
    ['FBK-000001', 'I01: a list', () => []],
    ['FBK-000001', 'I01: a JSON bomb', () => '['.repeat(900_000)],
    ['FBK-000001', 'I01: a Type that SNS does not have', () => sns.notification('{}', {}, { Type: 'Attack' })],
    ['FBK-000001', 'I01: no MessageId', () => sns.notification('{}', {}, { MessageId: undefined })],
    ['FBK-000001', 'I01: a Message that is an object', () => sns.notification('{}', {}, { Message: {} })],
    ['FBK-000001', 'raw message delivery, which has no signature', () => ({ eventType: 'Send', mail: {} })],
    ['FBK-000003', 'another topic, well signed', () => sns.notification('{}', { TopicArn: `${sns.topic}-2` })],
    ['FBK-000003', 'no topic at all', () => sns.notification('{}', { TopicArn: 'constructor' })],
    ['FBK-000004', 'I09: more than a day old', () => sns.notification('{}', { Timestamp: hoursAgo(25) })],
    ['FBK-000004', 'from the future', () => sns.notification('{}', { Timestamp: hoursAgo(-1) })],
    ['FBK-000004', 'a time that is none', () => sns.notification('{}', { Timestamp: 'yesterday' })],
    [
      'FBK-000002',
      'I07: another message than the one that was signed',
      () => sns.notification('{}', {}, { Message: '{"a":1}' }),
    ],
    ['FBK-000002', 'I07: another time', () => sns.notification('{}', {}, { Timestamp: hoursAgo(1) })],
    ['FBK-000002', 'I07: a subject that was not signed', () => sns.notification('{}', {}, { Subject: 'new' })],
    ['FBK-000002', 'I07: no signature', () => sns.notification('{}', {}, { Signature: '' })],
    ['FBK-000002', 'I07: a signature that is a number', () => sns.notification('{}', {}, { Signature: 1 })],
    ['FBK-000002', 'I07: version 3', () => sns.notification('{}', {}, { SignatureVersion: '3' })],
    ['FBK-000002', 'I07: version 2 as a number', () => sns.notification('{}', {}, { SignatureVersion: 2 })],
    ['FBK-000002', 'I07: version "toString"', () => sns.notification('{}', {}, { SignatureVersion: 'toString' })],
    [
      'FBK-000002',
      'I07: signed as version 1, said to be 2',
      () => sns.notification('{}', { SignatureVersion: '1' }, { SignatureVersion: '2' }),
    ],
    ['FBK-000002', 'I06: a certificate for another name', () => withCertificate('othername')],
    ['FBK-000002', 'I06: an expired certificate', () => withCertificate('expired')],
    ['FBK-000002', 'I06: a certificate of a megabyte', () => withCertificate('large')],
    ['FBK-000002', 'I06: no certificate at all', () => withCertificate('garbage')],
    ['FBK-000002', 'I06: a certificate that is not there', () => withCertificate('missing')],
    // Not a 403: SNS would never send it again, and nothing is wrong with it.
    ['FBK-000005', 'I06: a certificate that cannot be had now', () => withCertificate('broken')],
    ['FBK-000005', 'I06: a certificate that takes over three seconds', () => withCertificate('hang')],
  ];
  for (const [expected, name, message] of refused) {
    it(`is refused with ${expected}: ${name}`, async () => assert.equal(await code(message()), expected));
  }

  const elsewhere: [string, unknown][] = [
    ['http', 'http://sns.eu-central-1.amazonaws.com/SimpleNotificationService-good.pem'],
    ['another host', 'https://evil.com/SimpleNotificationService-good.pem'],
    ['a host that goes on', 'https://sns.eu-central-1.amazonaws.com.evil.com/SimpleNotificationService-good.pem'],
    ['a user before the host', 'https://sns.eu-central-1.amazonaws.com@evil.com/SimpleNotificationService-good.pem'],
    ['another port', 'https://sns.eu-central-1.amazonaws.com:444/SimpleNotificationService-good.pem'],
    ['I04: a bucket named sns', 'https://sns.s3-us-west-2.amazonaws.com/evil.pem'],
    ['I04: a bucket', 'https://s3.amazonaws.com/b/SimpleNotificationService-good.pem'],
    ['another region', 'https://sns.us-east-1.amazonaws.com/SimpleNotificationService-good.pem'],
    ['a query', `${HOST}/SimpleNotificationService-good.pem?x=.pem`],
    ['a name in the query', `${HOST}/?x=.pem`],
    ['another path', `${HOST}/evil.pem`],
    ['a path upwards', `${HOST}/x/../SimpleNotificationService-good.pem`],
    ['a fragment', `${HOST}/SimpleNotificationService-good.pem#`],
    ['upper case', 'https://SNS.eu-central-1.amazonaws.com/SimpleNotificationService-good.pem'],
    ['a space before', ` ${HOST}/SimpleNotificationService-good.pem`],
    ['a number', 4],
    ['nothing', undefined],
  ];
  for (const [name, url] of elsewhere) {
    it(`I03: nothing is fetched when the certificate is said to be at ${name}`, async () => {
      const before = sns.requests.length;
      assert.equal(await code(withUrl(url)), 'FBK-000002');
      assert.equal(sns.requests.length, before);
    });
  }

  it('nothing is fetched for a topic that is not ours', async () => {
    const before = sns.requests.length;
    await receive(sns.notification('{}', { TopicArn: 'arn:aws:sns:eu-central-1:999999999999:theirs' }));
    assert.equal(sns.requests.length, before);
  });

  it('a certificate is fetched once for many messages', async () => {
    const fetchCertificate = createCertificateFetcher({ origin: sns.url });
    const before = sns.requests.length;
    const receiveOne = async (round: number) => {
      const body = JSON.stringify(sns.notification(`{"round":${round}}`));
      assert.ok('kind' in (await receiveNotification(body, { topics: [sns.topic], fetchCertificate })));
    };
    await Promise.all([1, 2, 3, 4, 5, 6, 7, 8].map(receiveOne));
    await receiveOne(9);
    assert.equal(sns.requests.length - before, 1);
  });

  it('a certificate that was good is refused once it has expired', async () => {
    let now = Date.now();
    const fetchCertificate = createCertificateFetcher({ origin: sns.url, now: () => now });
    const topic = parseTopic(sns.topic)!;
    const url = `${HOST}/SimpleNotificationService-good.pem`;
    assert.ok('certificate' in (await fetchCertificate(url, topic)));
    now += 200 * 365 * 86_400_000;
    assert.deepEqual(await fetchCertificate(url, topic), { refused: 'the certificate is not valid now' });
  });

  it('a subscription is confirmed at SNS itself and never at the URL of the message', async () => {
    const received = await receive(sns.confirmation('SubscriptionConfirmation'));
    assert.ok('kind' in received && received.kind === 'subscription');
    await confirmSubscription(received.topic, received.token, { origin: sns.url });
    const query = new URLSearchParams(sns.requests.at(-1)!.path.slice(2));
    assert.deepEqual(
      [query.get('Action'), query.get('TopicArn'), query.get('Token')],
      ['ConfirmSubscription', sns.topic, 'token-1'],
    );
  });

  it('I12: that somebody detached us is told apart', async () => {
    assert.equal(await code(sns.confirmation('UnsubscribeConfirmation')), 'unsubscription');
  });

  it('a subscription of another topic, or with another token than was signed, is not confirmed', async () => {
    const other = sns.confirmation('SubscriptionConfirmation', {
      TopicArn: `arn:aws:sns:eu-central-1:1:${randomUUID()}`,
    });
    assert.equal(await code(other), 'FBK-000003');
    assert.equal(await code({ ...sns.confirmation('SubscriptionConfirmation'), Token: 'other' }), 'FBK-000002');
  });
});

describe('the ARN of a topic', () => {
  for (const arn of [
    'arn:aws:sns:eu-central-1:123456789012:events.fifo',
    'arn:aws:sns:eu-central-1.evil.com/:123456789012:events',
    'arn:aws:sns::123456789012:events',
    'arn:aws:sqs:eu-central-1:123456789012:events',
    'arn:constructor:sns:eu-central-1:123456789012:events',
    'events',
  ]) {
    it(`is refused: ${arn}`, () => assert.equal(parseTopic(arn), undefined));
  }
  it('says where SNS is in China', () => {
    assert.equal(parseTopic('arn:aws-cn:sns:cn-north-1:123456789012:x')?.host, 'sns.cn-north-1.amazonaws.com.cn');
  });
});
