import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BOUNCE_CODES, uuidv7 } from '@outrigger/core';
import { sesEvent } from '@outrigger/testkit/sns-emulator';
import fc from 'fast-check';
import { SES_BOUNCES } from './bounces.ts';
import { readSesFeedback } from './feedback.ts';

const messageId = uuidv7();
const to = 'ada@shop.example';
const at = '2026-11-27T10:00:00.000Z';

function read(...args: Parameters<typeof sesEvent>) {
  const found = readSesFeedback(sesEvent(...args));
  assert.ok('feedback' in found, JSON.stringify(found));
  return found.feedback[0]!;
}

describe('events of SES', () => {
  const facts: [Parameters<typeof sesEvent>[0], string, boolean][] = [
    ['Send', 'sent', false],
    ['Delivery', 'delivered', false],
    ['DeliveryDelay', 'delayed', false],
    ['Bounce', 'bounced', true],
    ['Complaint', 'complained', true],
    ['Reject', 'rejected', false],
    ['Rendering Failure', 'render_failed', false],
  ];
  for (const [kind, fact, concernsAddress] of facts) {
    it(`${kind} says ${fact} of the message whose tag it carries`, () => {
      const feedback = read(kind, { messageId, to, at, sesId: 'ses-1' });
      assert.deepEqual(feedback.of, { messageId });
      assert.equal(feedback.fact, fact);
      assert.equal(feedback.statedAt?.toISOString(), at);
      assert.equal(feedback.providerMessageId, 'ses-1');
      assert.equal(feedback.recipient, to);
      assert.equal(feedback.concernsAddress, concernsAddress);
    });
  }

  it('never carry an address in their words', () => {
    for (const [kind] of facts) assert.ok(!read(kind, { messageId, to, at }).detail?.includes(to), kind);
  });

  it('a complaint that is none concerns no address', () => {
    assert.equal(read('Complaint', { messageId, to }, { complaintFeedbackType: 'not-spam' }).concernsAddress, false);
  });

  it('of other senders, opens and clicks are no business of ours', () => {
    assert.ok('ignored' in readSesFeedback(sesEvent('Send', { to })));
    assert.ok('ignored' in readSesFeedback(sesEvent('Send', { messageId: 'constructor', to })));
    assert.ok('ignored' in readSesFeedback(sesEvent('Send', { messageId, to }).replace('"Send"', '"Open"')));
    assert.ok('ignored' in readSesFeedback('Successfully validated SNS topic for Amazon SES event publishing.'));
  });
});

describe('bounces of SES (spec 11.4)', () => {
  const bounce = (bounceType: unknown, bounceSubType: unknown, diagnosticCode = '', more = {}) =>
    read(
      'Bounce',
      { messageId, to },
      {
        bounceType,
        bounceSubType,
        bouncedRecipients: [{ emailAddress: to, status: '', diagnosticCode }],
        ...more,
      },
    );

  for (const [type, subtypes] of Object.entries(SES_BOUNCES)) {
    for (const [subtype, code] of Object.entries(subtypes)) {
      it(`${type} ${subtype} is ${code} ${BOUNCE_CODES[code].label}`, () => {
        const feedback = bounce(type, subtype);
        assert.equal(feedback.code, code);
        assert.equal(feedback.concernsAddress, BOUNCE_CODES[code].class !== 'ignored');
      });
    }
  }

  const rows: [string, string, string, string][] = [
    ['Transient', 'General', 'smtp; 452 4.2.2 The mailbox is full', '22'],
    ['Transient', 'General', 'smtp; 550 5.4.4 Host not found', '21'],
    ['Transient', 'General', 'smtp; 550 5.7.1 relaying denied', '54'],
    ['Transient', 'General', 'smtp; challenge-response required', '100'],
    // A permanent bounce stays hard whatever it says.
    ['Permanent', 'General', 'smtp; 552 mailbox is full', '10'],
    ['Permanent', 'SomethingNew', '', '10'],
    ['Transient', 'SomethingNew', '', '20'],
    ['Undetermined', 'SomethingNew', '', '1'],
    // I15: a type that nobody knows is soft.
    ['Volatile', 'General', '', '20'],
    ['constructor', 'toString', '', '20'],
    ['Permanent', '__proto__', '', '10'],
  ];
  for (const [type, subtype, diagnostic, code] of rows) {
    it(`${type} ${subtype} with "${diagnostic}" is ${code}`, () =>
      assert.equal(bounce(type, subtype, diagnostic).code, code));
  }

  it('I15: without type or recipients it is a bounce all the same', () => {
    const feedback = read('Bounce', { messageId, to }, { bounceType: undefined, bouncedRecipients: undefined });
    assert.equal(feedback.code, '30');
    assert.equal(feedback.concernsAddress, false);
  });
});

describe('what is no event of SES', () => {
  const rows: [string, string][] = [
    ['nothing', ''],
    ['a list', '[]'],
    ['null', 'null'],
    ['I13: a JSON bomb', '['.repeat(250_000)],
    ['I13: a nest of objects', `${'{"mail":'.repeat(20_000)}1${'}'.repeat(20_000)}`],
    ['no mail', '{"eventType":"Send"}'],
    ['mail that is a text', '{"eventType":"Send","mail":"x"}'],
    ['a type that nobody knows', sesEvent('Send', { messageId }).replace('"Send"', '"Explosion"')],
    ['a type from the prototype', sesEvent('Send', { messageId }).replace('"Send"', '"constructor"')],
    ['a bounce without its part', sesEvent('Send', { messageId }).replace('"Send"', '"Bounce"')],
  ];
  for (const [name, body] of rows) {
    it(`is a problem and never an error: ${name}`, () => assert.ok('problem' in readSesFeedback(body)));
  }

  it('has times that are none', () => {
    assert.equal(read('Delivery', { messageId, at: 'yesterday' }).statedAt, undefined);
  });

  it('never throws, whatever JSON it is', () => {
    fc.assert(fc.property(fc.json(), (body) => void readSesFeedback(body)));
    const parts = fc.record({
      bounce: fc.jsonValue(),
      mail: fc.jsonValue(),
      eventType: fc.constantFrom('Bounce', 'Send'),
    });
    fc.assert(fc.property(parts, (event) => void readSesFeedback(JSON.stringify(event))));
  });

  it('leaves nothing in a text that Postgres cannot hold', () => {
    const feedback = read('Reject', { messageId }, { reason: `a\0b\uD800${'x'.repeat(2_000)}` });
    assert.equal(feedback.detail!.length, 500);
    assert.ok(feedback.detail!.isWellFormed() && !feedback.detail!.includes('\0'));
  });
});
