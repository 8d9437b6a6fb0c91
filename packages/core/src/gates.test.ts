import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DEFERRAL_CODES, END_CODES, EXCLUSION_CODES, FAILURE_CODES, UNKNOWN_CODES } from './codes.ts';
import { type AttemptEnd, explainGates, GATES, UNGATED_CODES } from './gates.ts';

const email = { channel: 'email', category: 'marketing' } as const;
const event = (state: AttemptEnd['state'], code: string | null = null, detail: string | null = null) => ({
  state,
  code,
  detail,
});
const found = (events: AttemptEnd[], message: Parameters<typeof explainGates>[0] = email) =>
  Object.fromEntries(explainGates(message, events).map((one) => [one.gate, one.code ?? one.found]));

test('every code of an outcome is given by one gate, or is known to be given by none', () => {
  const all = { ...EXCLUSION_CODES, ...FAILURE_CODES, ...DEFERRAL_CODES, ...UNKNOWN_CODES, ...END_CODES };
  for (const code of Object.keys(all)) {
    const gates = GATES.filter((gate) => (gate.codes as readonly string[]).includes(code));
    assert.equal(gates.length, (UNGATED_CODES as readonly string[]).includes(code) ? 0 : 1, code);
  }
});

describe('the explanation of a message', () => {
  test('says what each gate found, up to the one that stopped it', () => {
    assert.deepEqual(found([event('queued'), event('excluded', '050105')]), {
      campaign: 'passed',
      deadline: 'passed',
      brake: 'passed',
      address: 'passed',
      suppression_list: '050105',
      allowed_list: 'not_reached',
      consent: 'not_reached',
      holdout: 'not_reached',
      attachments: 'not_reached',
      content: 'not_reached',
      provider: 'not_reached',
    });
  });

  test('names the level of consent that said no (F072, F074, F075)', () => {
    for (const [level, detail] of [
      ['channel', 'consents.marketing.email is n'],
      ['any', 'consents.marketing.any is n'],
      ['address', 'consents.idSpecific is n'],
    ] as const) {
      const consent = explainGates(email, [event('excluded', '050101', detail)]).find((one) => one.gate === 'consent');
      assert.deepEqual(
        [consent?.found, consent?.reason, consent?.detail],
        ['stopped', 'EmailNoConsent', detail],
        level,
      );
    }
  });

  test('a transactional message is never asked for consent, and a text message for no list (F073)', () => {
    const sent = found([event('sent')], { channel: 'sms', category: 'transactional' });
    assert.deepEqual(
      [sent.consent, sent.suppression_list, sent.allowed_list, sent.content, sent.provider],
      ['not_asked', 'not_asked', 'not_asked', 'passed', 'passed'],
    );
    assert.equal(found([event('sent')]).consent, 'passed');
  });

  test('is of the latest attempt: what waited and then went out got past everything', () => {
    assert.equal(found([event('deferred', 'transient.throttled'), event('sent')]).provider, 'passed');
    const waiting = found([event('queued'), event('deferred', 'policy.paused')]);
    assert.deepEqual([waiting.deadline, waiting.brake, waiting.address], ['passed', 'policy.paused', 'not_reached']);
  });

  test('a person who gives it up afterwards changes nothing about the attempt', () => {
    const events = [event('failed', 'permanent.recipient'), event('expired', 'expired.given_up')];
    assert.equal(found(events).provider, 'permanent.recipient');
  });

  test('before the first attempt nothing was asked', () => {
    assert.ok(Object.values(found([event('queued')])).every((one) => one === 'not_reached'));
  });
});
