import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { readSnsFeedback } from './feedback.ts';

const id = randomUUID();
const read = (value: unknown) => readSnsFeedback(typeof value === 'string' ? value : JSON.stringify(value));
const receipt = (status: string, providerResponse: string, more = {}) => ({
  notification: { messageId: id, timestamp: '2026-11-27 10:00:00.123' },
  delivery: { destination: '+46701234567', providerResponse },
  status,
  ...more,
});

describe('what SNS says of SMS and push messages', () => {
  const rows: [string, unknown, string, string | undefined][] = [
    ['an SMS that arrived', receipt('SUCCESS', 'Message has been accepted by phone carrier'), 'delivered', undefined],
    ['a number that opted out', receipt('FAILURE', 'Phone number is opted out'), 'bounced', '10'],
    ['a number that is none', receipt('FAILURE', 'Invalid phone number'), 'bounced', '10'],
    ['a carrier that blocks', receipt('FAILURE', 'Blocked as spam by phone carrier'), 'bounced', '51'],
    ['anything else', receipt('FAILURE', 'Unknown error attempting to reach phone'), 'bounced', '20'],
    [
      'a token that is dead',
      {
        EventType: 'DeliveryFailure',
        MessageId: id,
        FailureType: 'InvalidPlatformToken',
        FailureMessage: 'x',
        Time: '2026-11-27T10:00:00.123Z',
      },
      'bounced',
      '10',
    ],
  ];
  for (const [name, event, fact, code] of rows) {
    it(`${name} is ${fact} ${code ?? ''}`, () => {
      const found = read(event);
      assert.ok('feedback' in found);
      const [feedback] = found.feedback;
      assert.deepEqual(feedback!.of, { providerMessageId: id });
      assert.deepEqual([feedback!.fact, feedback!.code], [fact, code]);
      assert.equal(feedback!.statedAt?.toISOString(), '2026-11-27T10:00:00.123Z');
      assert.equal(feedback!.concernsAddress, false);
    });
  }

  it('no number is kept', () => {
    const found = read(receipt('FAILURE', 'Unknown error attempting to reach phone +46701234567'));
    assert.ok('feedback' in found && found.feedback[0]!.detail === 'Unknown error attempting to reach phone [address]');
  });

  it('a change of an endpoint is no business of ours', () => {
    assert.deepEqual(read({ EventType: 'EndpointCreated' }), { ignored: 'EndpointCreated' });
  });

  for (const body of [
    '',
    'null',
    '[]',
    '{}',
    '['.repeat(200_000),
    receipt('MAYBE', ''),
    receipt('SUCCESS', '', { notification: { messageId: 1 } }),
  ]) {
    it(`is a problem: ${JSON.stringify(body).slice(0, 40)}`, () => assert.ok('problem' in read(body)));
  }

  it('never throws, whatever JSON it is', () => {
    fc.assert(fc.property(fc.json(), (body) => void readSnsFeedback(body)));
  });
});
