import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Campaign } from './campaigns.ts';
import { type CheckInput, check, type Rule } from './check.ts';
import type { LedgerStep } from './ledger-reader.ts';

const step = (state: string, more: Partial<LedgerStep> = {}): LedgerStep => ({
  state,
  code: state === 'sent' || state === 'queued' ? null : 'some.code',
  possibleDuplicate: false,
  detail: null,
  ...more,
});
const marked = (state: string) => step(state, { possibleDuplicate: true });
const SENT = [step('sent')];
const RESENT = [step('unknown'), marked('queued'), marked('sent')];

/** A run of one call to two recipients: the first message has these steps and hand-overs, the second was simply sent. */
function books(steps: LedgerStep[], handOvers: number, change: (input: CheckInput) => void = () => {}): CheckInput {
  const campaign: Campaign = { name: 'code', campaignId: 'campaign', tenant: 0 };
  const recipient = (key: string) => ({ key, address: `to-${key}`, malformed: false, body: {} });
  const handOver = (key: string) => ({ channel: 'sms', messageId: '', key, recipient: `to-${key}`, atMs: 0 });
  const input: CheckInput = {
    entries: [
      {
        call: {
          number: 1,
          tenant: 0,
          endpoint: 'unitary',
          campaign,
          requestId: 'request-1',
          recipients: [recipient('c1r0'), recipient('c1r1')],
          again: false,
          twice: false,
          otherBody: false,
        },
        executionIds: new Set(['UMA-e1']),
        answers: new Map([['202', 1]]),
        surprises: [],
      },
    ],
    orgIds: ['org'],
    ledger: {
      executions: [
        { executionId: 'e1', orgId: 'org', endpoint: 'unitary', requestId: 'request-1', messageIds: ['m0', 'm1'] },
      ],
      messages: [
        { messageId: 'm0', executionId: 'e1', place: 0, lane: 'sms', steps },
        { messageId: 'm1', executionId: 'e1', place: 1, lane: 'sms', steps: SENT },
      ],
      outstanding: 0,
    },
    provider: {
      handOvers: [...Array.from({ length: handOvers }, () => handOver('c1r0')), handOver('c1r1')],
      doubts: new Map(),
      reports: new Map(),
      unreadable: [],
    },
    mostUnexplained: 1,
    accountsMended: 0,
  };
  change(input);
  return input;
}

const brokenBy = (input: CheckInput) => Object.keys(check(input).violations);

describe('books that keep every promise', () => {
  const kept: [string, LedgerStep[], number][] = [
    ['sent, taken once', SENT, 1],
    ['refused for now and then sent', [step('deferred'), step('deferred'), step('sent')], 1],
    ['excluded, never taken', [step('excluded')], 0],
    ['in doubt and held, not taken', [step('unknown'), step('unknown')], 0],
    ['in doubt and held, taken', [step('unknown'), step('unknown')], 1],
    ['in doubt, settled by a late result', [step('unknown'), step('sent')], 1],
    ['in doubt, held, and settled by a late report', [step('unknown'), step('unknown'), step('sent')], 1],
    ['sent again, taken once', RESENT, 1],
    ['sent again, taken twice, and marked', RESENT, 2],
    ['sent again, then refused for good: the first may have been taken', [...RESENT.slice(0, 2), marked('failed')], 1],
  ];
  for (const [name, steps, handOvers] of kept) {
    test(name, () => assert.deepEqual(brokenBy(books(steps, handOvers)), []));
  }

  test('a double with a record is counted, and is no double without one', () => {
    const { lanes } = check(books(RESENT, 2));
    assert.equal(lanes.sms!.doubledWithRecord, 1);
    assert.equal(lanes.sms!.doubledWithoutRecord, 0);
  });
});

test('what was reported is counted', () => {
  const input = books([step('unknown'), step('sent')], 1, ({ provider }) => void provider.reports.set('m0', 2));
  assert.deepEqual(check(input).reported, { messages: 1, everUnknown: 1, settled: 1 });
  assert.equal(check(books(SENT, 1)).reported, undefined);
});

describe('books that break a promise', () => {
  const broken: [string, Rule, CheckInput][] = [
    ['sent and taken twice', 'doubled without record', books(SENT, 2)],
    ['sent again and taken three times', 'doubled without record', books(RESENT, 3)],
    ['in doubt, never sent again, taken twice', 'doubled without record', books([step('unknown'), step('unknown')], 2)],
    ['sent and never taken', 'sent and never handed over', books(SENT, 0)],
    ['excluded and taken', 'handed over and not sent', books([step('excluded')], 1)],
    ['no event at all', 'lost', books([], 0)],
    ['still deferred', 'lost', books([step('deferred')], 0)],
    ['in doubt and never decided', 'lost', books([step('unknown')], 0)],
    ['failed without a code', 'lost', books([step('failed', { code: null })], 0)],
    ['two ends', 'impossible history', books([step('sent'), step('failed')], 1)],
    ['sent again without a mark', 'unmarked duplicate', books([step('unknown'), marked('queued'), step('sent')], 1)],
    [
      'reported by its provider, and held all the same',
      'report ignored',
      books([step('unknown'), step('unknown')], 1, ({ provider }) => void provider.reports.set('m0', 1)),
    ],
    ['a message is missing', 'lost', books(SENT, 1, (input) => void input.ledger.messages.pop())],
    ['the execution of a 202 is missing', 'lost', books(SENT, 1, (input) => void input.ledger.executions.pop())],
    [
      'two executions for one request',
      'request stored twice',
      books(SENT, 1, ({ ledger }) => void ledger.executions.push({ ...ledger.executions[0]!, executionId: 'e2' })),
    ],
    [
      'two answers for one request',
      'request stored twice',
      books(SENT, 1, ({ entries }) => void entries[0]!.executionIds.add('UMA-e2')),
    ],
    ['refused and stored', 'refused and stored', books(SENT, 1, ({ entries }) => entries[0]!.executionIds.clear())],
    [
      'an answer that nothing allows',
      'surprising answer',
      books(SENT, 1, ({ entries }) => void entries[0]!.surprises.push('500')),
    ],
    [
      'handed over to somebody else',
      'wrong person',
      books(SENT, 1, ({ provider }) => {
        provider.handOvers[0] = { ...provider.handOvers[0]!, recipient: 'to-c1r1' };
      }),
    ],
    [
      'content that was refused with 409 reached somebody',
      'stranger',
      books(
        SENT,
        1,
        ({ provider }) =>
          void provider.handOvers.push({ channel: 'sms', messageId: '', key: 'x1r0', recipient: '', atMs: 0 }),
      ),
    ],
    [
      'a message that nobody asked for',
      'stranger',
      books(SENT, 1, ({ ledger }) => void ledger.messages.push({ ...ledger.messages[0]!, messageId: 'm9' })),
    ],
    [
      'something is left in a batch',
      'lost',
      books(SENT, 1, ({ ledger }) => {
        ledger.outstanding = 1;
      }),
    ],
    [
      'a message fell out of the account and was mended',
      'lost',
      books(SENT, 1, (input) => {
        input.accountsMended = 1;
      }),
    ],
    [
      'more unknown than the faults explain',
      'more unknown than was in flight',
      books(RESENT, 1, (input) => {
        input.mostUnexplained = 0;
      }),
    ],
  ];
  for (const [name, rule, input] of broken) {
    test(name, () => assert.ok(brokenBy(input).includes(rule), `found ${JSON.stringify(check(input).violations)}`));
  }
});
