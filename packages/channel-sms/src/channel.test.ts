import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { JsonObject, Recipient, SmsSettings } from '@outrigger/core';
import fc from 'fast-check';
import { createSmsChannel } from './channel.ts';
import { createSmsProvider } from './providers/index.ts';

const channel = createSmsChannel(createSmsProvider({ SMS_PROVIDER: 'sandbox' }, { keep: () => Promise.resolve() }));
const SETTINGS: SmsSettings = { sender: 'Shop' };
const PERSON: Recipient = { type: 'aep', userId: 'ana@example.com', namespace: 'email' };

function resolve(recipient: Partial<Recipient>, profile?: JsonObject, settings: SmsSettings = SETTINGS) {
  return channel.resolveTargets({ recipient: { ...PERSON, ...recipient }, profile, settings });
}
const reached = (phoneNumber: string) => ({ targets: [{ phoneNumber }] });
const codeOf = (resolved: ReturnType<typeof resolve>) => ('excluded' in resolved ? resolved.excluded : 'reached');

describe('sms: where a person is reached', () => {
  const profile = { mobilePhone: { number: '+49 151 1111111' }, work: { phone: '0049 (151) 222-2222' } };

  it('prefers the number of the call', () => {
    const recipient = { channelData: { mobilePhoneNumber: '+1 (206) 555-0100' } };
    assert.deepEqual(resolve(recipient, profile), reached('+12065550100'));
  });

  it('takes the field of the channel configuration before the default one', () => {
    const settings = { sender: 'Shop', delivery_address_field: 'work.phone' };
    assert.deepEqual(resolve({}, profile, settings), reached('+491512222222'));
  });

  it('falls back to the default field when the configured one is empty', () => {
    const settings = { sender: 'Shop', delivery_address_field: 'home.phone' };
    assert.deepEqual(resolve({}, profile, settings), reached('+491511111111'));
    assert.deepEqual(resolve({}, { ...profile, home: { phone: ' ' } }, settings), reached('+491511111111'));
  });

  it('takes the user id when its namespace is phone', () => {
    const target = reached('+4915133333333');
    assert.deepEqual(resolve({ type: 'external', userId: '+49 151 33333333', namespace: 'phone' }), target);
    assert.deepEqual(resolve({ type: 'aep', userId: '+4915133333333', namespace: 'Phone' }), target);
  });

  it('does not take a user id of another namespace', () => {
    assert.equal(codeOf(resolve({ type: 'external', userId: '+4915133333333', namespace: 'crm' })), '050153');
  });

  for (const raw of ['111-111-1111', 'call me', '+', '+0151111111', '4'.repeat(40), '+49151\u0000111111', '+49151x']) {
    it(`excludes the number ${JSON.stringify(raw)}`, () => {
      assert.equal(codeOf(resolve({ channelData: { mobilePhoneNumber: raw } })), '050153');
    });
  }

  it('does not try another number when the first is malformed', () => {
    assert.equal(codeOf(resolve({ channelData: { mobilePhoneNumber: 'n/a' } }, profile)), '050153');
  });

  it('excludes a number that is not text', () => {
    assert.equal(codeOf(resolve({}, { mobilePhone: { number: 4915111111111 } })), '050153');
  });

  it('excludes everybody when the configuration has no sender', () => {
    assert.equal(codeOf(resolve({}, profile, {})), '050152');
    assert.equal(codeOf(resolve({}, profile, { sender: ' ' })), '050152');
  });

  it('never repeats the number in the detail', () => {
    const resolved = resolve({ channelData: { mobilePhoneNumber: '0151-4711-4711' } });
    assert.ok('detail' in resolved && !resolved.detail.includes('4711'));
  });

  it('reaches only E.164 numbers, whatever the call holds', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'+0123456789 -().x\n') }), (raw) => {
        const resolved = resolve({ channelData: { mobilePhoneNumber: raw } });
        if ('targets' in resolved) assert.match(resolved.targets[0]!.phoneNumber, /^\+[1-9]\d{7,14}$/);
      }),
    );
  });
});

describe('sms: the final text', () => {
  const compose = (parts: Record<string, string>, category: 'marketing' | 'transactional' = 'transactional') =>
    channel.compose({
      messageId: 'm-1',
      target: { phoneNumber: '+4915111111111' },
      settings: { sender: ' Shop ' },
      category,
      parts,
      content: {},
    });

  it('is handed over as it was rendered, line breaks included', () => {
    assert.deepEqual(compose({ text: 'Hi Ana,\r\n\tsee you ✓' }, 'marketing'), {
      message: {
        messageId: 'm-1',
        to: '+4915111111111',
        from: 'Shop',
        text: 'Hi Ana,\r\n\tsee you ✓',
        category: 'marketing',
      },
    });
  });

  it('may have 1,500 characters', () => {
    assert.ok('message' in compose({ text: 'a'.repeat(1_500) }));
  });

  for (const [what, text, detail] of [
    ['1,501 characters', 'a'.repeat(1_501), /1501 characters; 1500 is the limit/],
    ['751 emoji', '😀'.repeat(751), /1502 characters; 1500 is the limit/],
    ['nothing', '', /empty/],
    ['only blanks', ' \n ', /empty/],
    ['a NUL', 'a\u0000b', /control character/],
    ['an escape', 'a\u001bb', /control character/],
    ['a lone surrogate', 'a\ud83d', /half of a character/],
  ] as const) {
    it(`fails with ${what}`, () => {
      const composed = compose({ text });
      assert.ok('failed' in composed);
      assert.equal(composed.failed, '050302');
      assert.match(composed.detail, detail);
    });
  }

  it('fails without a text part', () => {
    assert.ok('failed' in compose({}));
  });
});
