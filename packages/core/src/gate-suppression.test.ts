import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { type SuppressionFacts, suppressionGate } from './gate-suppression.ts';

const clear: SuppressionFacts = { address: 'no', domain: false, allowed: 'inactive' };
const gate = (facts: Partial<SuppressionFacts>, liftComplaints = false) =>
  suppressionGate({ ...clear, ...facts }, { liftComplaints });

describe('suppression and allowed list', () => {
  test('nothing listed passes; a listed address or domain is excluded, the address first (F089)', () => {
    assert.deepEqual(gate({}), { pass: true });
    assert.deepEqual(gate({ address: 'suppressed' }), { excluded: '050102' });
    assert.deepEqual(gate({ domain: true }), { excluded: '050105' });
    assert.deepEqual(gate({ address: 'suppressed', domain: true }), { excluded: '050102' });
  });

  test('an active allowed list excludes what is not on it, and suppressed wins over allowed (F091)', () => {
    assert.deepEqual(gate({ allowed: 'listed' }), { pass: true });
    assert.deepEqual(gate({ allowed: 'unlisted' }), { excluded: '050103' });
    assert.deepEqual(gate({ allowed: 'domain_unlisted' }), { excluded: '050106' });
    assert.deepEqual(gate({ allowed: 'listed', address: 'suppressed' }), { excluded: '050102' });
    assert.deepEqual(gate({ allowed: 'listed', domain: true }), { excluded: '050105' });
  });

  test('the switch lifts a complaint and nothing else (F092)', () => {
    assert.deepEqual(gate({ address: 'complaint' }), { excluded: '050102' });
    assert.deepEqual(gate({ address: 'complaint' }, true), { pass: true });
    assert.deepEqual(gate({ address: 'suppressed' }, true), { excluded: '050102' });
    assert.deepEqual(gate({ address: 'complaint', domain: true }, true), { excluded: '050105' });
    assert.deepEqual(gate({ address: 'complaint', allowed: 'unlisted' }, true), { excluded: '050103' });
  });

  test('whatever is on the lists: more suppression never lets more through, and what passes is on no list that stops it', () => {
    const facts = fc.record({
      address: fc.constantFrom('no' as const, 'complaint' as const, 'suppressed' as const),
      domain: fc.boolean(),
      allowed: fc.constantFrom('inactive' as const, 'listed' as const, 'unlisted' as const, 'domain_unlisted' as const),
    });
    fc.assert(
      fc.property(facts, fc.boolean(), (found, liftComplaints) => {
        const passes = 'pass' in suppressionGate(found, { liftComplaints });
        if (passes) {
          assert.ok(!found.domain && found.address !== 'suppressed');
          assert.ok(found.allowed === 'inactive' || found.allowed === 'listed');
        }
        const worse = 'pass' in suppressionGate({ ...found, address: 'suppressed' }, { liftComplaints });
        assert.equal(worse, false);
      }),
    );
  });
});
