import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { believableAt, countSoftBounces, FEEDBACK_FACTS, feedbackStatus, type KnownFact } from './feedback.ts';

const HOUR = 3_600_000;
const at = (hours: number) => new Date(1_800_000_000_000 + hours * HOUR);
const fact = (name: KnownFact['fact'], hours = 0, of: KnownFact['class'] = ''): KnownFact => ({
  fact: name,
  class: of,
  at: at(hours),
});

describe('the one word for a set of facts', () => {
  const rows: [string | undefined, KnownFact[]][] = [
    [undefined, []],
    ['sent', [fact('sent')]],
    ['delayed', [fact('sent'), fact('delayed')]],
    ['delivered', [fact('delayed'), fact('delivered'), fact('sent')]],
    ['delivered', [fact('bounced', 0, 'soft'), fact('delivered', 1)]],
    ['soft_bounced', [fact('sent'), fact('bounced', 0, 'soft')]],
    ['soft_bounced', [fact('bounced', 0, 'ignored')]],
    ['bounced', [fact('bounced', 0, 'soft'), fact('bounced', 1, 'hard')]],
    ['bounced', [fact('bounced', 1, 'hard'), fact('delivered', 2)]],
    ['out_of_band', [fact('delivered', 1), fact('bounced', 2, 'hard')]],
    ['rejected', [fact('sent'), fact('rejected')]],
    ['complained', [fact('complained'), fact('delivered'), fact('bounced', 0, 'hard')]],
  ];
  for (const [word, facts] of rows) {
    const names = facts.map((one) => `${one.class} ${one.fact}`.trim()).join(', ');
    it(`is ${word} for: ${names}`, () => assert.equal(feedbackStatus(facts), word));
  }

  it('does not depend on their order', () => {
    const one = fc
      .record({
        fact: fc.constantFrom(...FEEDBACK_FACTS),
        class: fc.constantFrom<KnownFact['class']>('hard', 'soft', 'ignored'),
        at: fc.nat(5).map(at),
      })
      .map((known): KnownFact => ({ ...known, class: known.fact === 'bounced' ? known.class : '' }));
    // As the ledger holds them: one of a kind.
    const facts = fc.uniqueArray(one, { selector: (known) => `${known.fact} ${known.class}` });
    fc.assert(fc.property(facts, (list) => assert.equal(feedbackStatus(list), feedbackStatus(list.toReversed()))));
  });
});

describe('when a fact happened', () => {
  const [accepted, received] = [at(0), at(2)];
  const rows: [string, Date | undefined, Date][] = [
    ['what the provider says', at(1), at(1)],
    ['a little before the message, by another clock', at(-0.05), at(-0.05)],
    ['1970', new Date(0), received],
    ['a year from now', at(9_000), received],
    ['a day that is none', new Date(Number.NaN), received],
    ['nothing', undefined, received],
  ];
  for (const [name, stated, expected] of rows) {
    it(`is clear for: ${name}`, () => assert.deepEqual(believableAt(stated, accepted, received), expected));
  }
});

describe('the soft-bounce counter (spec 11.3)', () => {
  const bounces = (...list: [message: string, hours: number][]) =>
    list.map(([messageId, hours]) => ({ messageId, at: at(hours) }));
  const rows: [string, number, ReturnType<typeof bounces>][] = [
    ['three failures on Monday and two on Wednesday', 5, bounces(['a', 0], ['a', 1], ['a', 2], ['b', 48], ['b', 49])],
    ['five messages within a day', 1, bounces(['a', 0], ['b', 1], ['c', 2], ['d', 3], ['e', 4])],
    ['a message a day', 5, bounces(['a', 0], ['b', 24], ['c', 48], ['d', 72], ['e', 96])],
    ['nothing', 0, []],
  ];
  for (const [name, count, list] of rows) {
    it(`is ${count} after ${name}, in any order`, () => {
      assert.equal(countSoftBounces(list), count);
      assert.equal(countSoftBounces(list.toReversed()), count);
    });
  }
});
