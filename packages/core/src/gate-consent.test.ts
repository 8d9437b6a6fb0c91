import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { CHANNELS, type Channel } from './channel.ts';
import { CONSENT_VALUES, type Consents, type ConsentValue, comparableConsents } from './consent.ts';
import { type ConsentRule, consentGate } from './gate-consent.ts';

const OPT_OUT: ConsentRule = { mode: 'opt-out', bases: [] };
const ADDRESS = { namespace: 'email', address: 'a@shop.example' };
const CODES = { email: '050101', sms: '050104', push: '050111' } as const;

type Levels = { any?: ConsentValue; channel?: ConsentValue; address?: ConsentValue };

function consentsOf(channel: Channel, { any, channel: own, address }: Levels): Consents {
  return {
    marketing: { ...(any && { any: { val: any } }), ...(own && { [channel]: { val: own } }) },
    ...(address && {
      idSpecific: { email: { [ADDRESS.address]: { marketing: { [channel]: { val: address } } } } },
    }),
  };
}

const passes = (channel: Channel, levels: Levels, rule = OPT_OUT) =>
  'pass' in consentGate(channel, consentsOf(channel, levels), ADDRESS, rule);

const level = fc.option(fc.constantFrom(...CONSENT_VALUES), { nil: undefined });
const levels = fc.record({ any: level, channel: level, address: level }) as fc.Arbitrary<Levels>;
const channels = fc.constantFrom(...CHANNELS);

test('F072: a no for the channel excludes with the code of the channel, and empty counts as consent', () => {
  for (const channel of CHANNELS) {
    const verdict = consentGate(channel, consentsOf(channel, { channel: 'n' }), undefined, OPT_OUT);
    assert.equal('excluded' in verdict && verdict.excluded, CODES[channel]);
    assert.deepEqual(consentGate(channel, {}, undefined, OPT_OUT), { pass: true });
  }
});

test('F074: any=n beats a yes of the channel and of the address; an address counts only below a channel that is not n', () => {
  assert.equal(passes('email', { any: 'n', channel: 'y', address: 'y' }), false);
  assert.equal(passes('email', { any: 'y', channel: 'n', address: 'y' }), false);
  assert.equal(passes('email', { any: 'y', channel: 'y', address: 'n' }), false);
  assert.equal(passes('email', { any: 'y', channel: 'p', address: 'y' }), true);
});

test('F075: a no for one address leaves the other addresses of the person alone', () => {
  const consents = consentsOf('email', { address: 'n' });
  assert.equal('pass' in consentGate('email', consents, ADDRESS, OPT_OUT), false);
  const other = { namespace: 'email', address: 'b@shop.example' };
  assert.equal('pass' in consentGate('email', consents, other, OPT_OUT), true);
});

test('F076: in the opt-in mode empty is no consent; a yes and the named bases are', () => {
  const optIn: ConsentRule = { mode: 'opt-in', bases: ['CT'] };
  assert.equal(passes('sms', {}, optIn), false);
  for (const value of CONSENT_VALUES) {
    assert.equal(passes('sms', { channel: value }, optIn), value === 'y' || value === 'CT', value);
  }
});

test('precedence: out of any three choices, a no decides wherever it stands, and nothing below lifts it (property)', () => {
  fc.assert(
    fc.property(channels, levels, (channel, given) => {
      const no = [given.any, given.channel, given.address].includes('n');
      assert.equal(passes(channel, given), !no);
    }),
  );
});

test('opt-in never passes what opt-out excludes, and more bases never pass less (property)', () => {
  const bases = fc.subarray([...CONSENT_VALUES]);
  fc.assert(
    fc.property(channels, levels, bases, bases, (channel, given, some, more) => {
      const one = passes(channel, given, { mode: 'opt-in', bases: some });
      if (one) assert.ok(passes(channel, given, OPT_OUT));
      if (one) assert.ok(passes(channel, given, { mode: 'opt-in', bases: [...some, ...more] }));
    }),
  );
});

test('the choice of one channel never concerns another (property)', () => {
  fc.assert(
    fc.property(channels, channels, levels, (channel, other, { channel: own, address }) => {
      fc.pre(channel !== other);
      const consents = consentsOf(channel, { ...(own && { channel: own }), ...(address && { address }) });
      assert.deepEqual(consentGate(other, consents, ADDRESS, OPT_OUT), { pass: true });
    }),
  );
});

test('names that every object has are no addresses of a person', () => {
  const verdict = consentGate('email', { idSpecific: {} }, { namespace: 'constructor', address: 'name' }, OPT_OUT);
  assert.deepEqual(verdict, { pass: true });
});

test('addresses are stored in the form in which they are looked up', () => {
  const stored = comparableConsents({
    idSpecific: {
      Email: { 'Ada@Shop.Example': { marketing: { email: { val: 'n' } } } },
      phone: { '0046 70 123 45 67': { marketing: { sms: { val: 'n' } } } },
    },
  });
  assert.deepEqual(Object.keys(stored.idSpecific!.email!), ['ada@shop.example']);
  assert.deepEqual(Object.keys(stored.idSpecific!.phone!), ['+46701234567']);
});
