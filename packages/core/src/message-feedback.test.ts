import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { BOUNCE_CODES, type BounceCode, FEEDBACK_FACTS } from './feedback.ts';
import { type FeedbackValue, FINAL_VALUES, feedbackOf, type RecordedEvent } from './message-feedback.ts';
import { type MessageState, TRANSITIONS } from './states.ts';

type StateEvent = Extract<RecordedEvent, { kind: 'state' }>;
const CODES: Partial<Record<MessageState, StateEvent['code'][]>> = {
  excluded: ['050102', '050018', '050031', 'policy.sender_missing'],
  failed: ['permanent.recipient', '050302', 'bug.poison'],
  deferred: ['transient.throttled', 'transient.refused', 'policy.paused'],
  expired: ['expired.deadline'],
  canceled: ['canceled.campaign_stopped', 'canceled.by_operator'],
  unknown: ['ambiguous.timeout', 'ambiguous.worker_lost'],
};
/** What a person does, or evidence that comes after a person was asked: only then a second verdict is told. */
const BY_HAND = ['redrive', 'give_up'];

type Life = { events: StateEvent[]; end: MessageState; second: boolean };

/** A message's life along the transitions of states.ts; `choices` decides at each fork. What is not stored makes no event. */
function live(choices: number[]): Life {
  const events: StateEvent[] = [];
  let state: MessageState = 'queued';
  let held = false;
  let second = false;
  for (const choice of choices) {
    const open = Object.entries(TRANSITIONS).filter(([name, { from }]) => {
      if (!(from as readonly string[]).includes(state)) return false;
      if (state === 'unknown' && BY_HAND.includes(name)) return held;
      return !(held && (name === 'settle_hold' || name === 'settle_resend'));
    });
    if (open.length === 0) break;
    const [name, { to }] = open[choice % open.length]!;
    if (name === 'redrive' || (name === 'settle_sent' && held)) second = true;
    held = name === 'settle_hold';
    const stored = !['claim', 'release'].includes(name);
    const codes = name === 'give_up' ? (['expired.given_up'] as const) : CODES[to];
    const code = codes ? codes[choice % codes.length]! : null;
    if (stored) events.push({ kind: 'state', state: to, code, previous: events.at(-1)?.state ?? null });
    state = to;
  }
  return { events, end: state, second };
}

const told = (events: RecordedEvent[]) => events.flatMap((event) => feedbackOf(event)?.value ?? []);
const isFinal = (value: FeedbackValue) => (FINAL_VALUES as readonly string[]).includes(value);
const choices = fc.array(fc.nat(1_000), { minLength: 1, maxLength: 40 });

describe('what is told of a message (F095)', () => {
  test('each message that ended has exactly one of sent, exclude, error and denylist, and one under way has none', () => {
    fc.assert(
      fc.property(choices, (chosen) => {
        const { events, end, second } = live(chosen);
        if (second) return;
        const finals = told(events).filter(isFinal);
        const previous = events.at(-1)?.previous;
        const waits = ['queued', 'sending', 'deferred'].includes(end) || (end === 'unknown' && previous !== 'unknown');
        assert.equal(finals.length, waits ? 0 : 1, JSON.stringify({ events, finals }));
      }),
      { numRuns: 5_000 },
    );
  });

  test('a person who sends it again, or a late report, adds a second one, and the latest is the truth', () => {
    let seconds = 0;
    fc.assert(
      fc.property(choices, (chosen) => {
        const { events, end, second } = live(chosen);
        const finals = told(events).filter(isFinal);
        if (end === 'sent') assert.equal(finals.at(-1), 'sent');
        if (end === 'failed') assert.equal(finals.at(-1), 'error');
        if (finals.filter((value) => value === 'sent').length > 1) assert.fail('sent is told twice');
        if (second && finals.length > 1) seconds++;
      }),
      { numRuns: 5_000 },
    );
    assert.ok(seconds > 0, 'no such life was made');
  });

  test('what a provider reports comes on top, in any order, and is never one of them', () => {
    const fact = fc.record({
      kind: fc.constant('fact' as const),
      fact: fc.constantFrom(...FEEDBACK_FACTS),
      class: fc.constantFrom('hard', 'soft', 'ignored', '' as const),
      code: fc.option(fc.constantFrom(...(Object.keys(BOUNCE_CODES) as BounceCode[]))),
      at: fc.date({ noInvalidDate: true }),
      deliveredAt: fc.option(fc.date({ noInvalidDate: true })),
    });
    fc.assert(
      fc.property(fc.array(fact as fc.Arbitrary<RecordedEvent>), (facts) => {
        for (const value of told(facts)) {
          assert.ok(['delivered', 'bounce', 'out_of_band', 'delay', 'complaint'].includes(value), value);
        }
      }),
    );
  });

  test('a hard bounce after the delivery is out of band, one before it or a soft one is not', () => {
    const bounce = (cls: 'hard' | 'soft', delivered: number | null): RecordedEvent => ({
      ...{ kind: 'fact', fact: 'bounced', class: cls, code: '10', at: new Date(1_000) },
      deliveredAt: delivered === null ? null : new Date(delivered),
    });
    assert.deepEqual(told([bounce('hard', 500), bounce('hard', 2_000), bounce('hard', null), bounce('soft', 500)]), [
      ...['out_of_band', 'bounce', 'bounce', 'bounce'],
    ]);
  });

  test('an unknown outcome is told when it is held for a person, as an error that is no verdict', () => {
    const unknown = (previous: MessageState | null): RecordedEvent => ({
      ...{ kind: 'state', state: 'unknown', code: 'ambiguous.timeout', previous },
    });
    assert.equal(feedbackOf(unknown(null)), undefined);
    assert.equal(feedbackOf(unknown('queued')), undefined);
    assert.equal(feedbackOf(unknown('unknown'))?.failure?.type, 'Ignored');
  });
});
