import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Lane, Outcome, SendResult } from '@outrigger/core';
import type { ManySendOptions, PooledProvider, PooledResult } from '@outrigger/flow';
import type { ClaimedBatch, ClaimedMessage } from '@outrigger/store';
import { openJournal, parseJournal } from './journal.ts';
import { handOvers, sendAll } from './send-all.ts';
import type { Rendered, Resolved, Step } from './step.ts';

type Message = { messageId: string; group: object | undefined };
type TestStep = Step<Rendered<object, Message>>;

const GROUP = { of: 'a version' };
const ACCEPTED: SendResult = { kind: 'accepted', providerMessageId: 'p-1' };
const LOST: SendResult = { kind: 'unknown', code: 'ambiguous.timeout', vendorCode: 'aborted' };
const version = { versionId: 'v-1', definition: {}, settings: {} } as never;

function going(messageId: string, group: object | undefined = GROUP): TestStep {
  const message = { messageId, versionId: 'v-1', campaignId: 'c-1' } as ClaimedMessage;
  return { message, go: { version, messages: [{ messageId, group }] } };
}

/** A provider that notes what was in the journal's file at the moment of each call. */
function startSending(answer: (messageId: string) => SendResult, held: string[] = [], late = () => false) {
  const folder = mkdtempSync(join(tmpdir(), 'send-all-'));
  const journal = openJournal(folder, (error) => {
    throw error;
  });
  const written = () =>
    parseJournal(
      readdirSync(folder)
        .map((name) => readFileSync(join(folder, name), 'utf8'))
        .join(''),
    );
  const calls: { messageIds: string[]; begun: string[] }[] = [];
  const call = (messages: Message[]): PooledResult[] => {
    calls.push({ messageIds: messages.map(({ messageId }) => messageId), begun: [...written().keys()] });
    return messages.map(({ messageId }) => ({ ...answer(messageId), account: 'a' }));
  };
  const provider = {
    accounts: ['a'],
    groupOf: (message: Message) => message.group,
    async sendWith(message: Message, _: AbortSignal, options: { beforeCall?: (account: string) => boolean }) {
      return options.beforeCall?.('a') === false ? undefined : call([message])[0];
    },
    async sendManyWith(messages: Message[], _: AbortSignal, options: ManySendOptions) {
      const ids = options.beforeCall!(
        'a',
        messages.map(({ messageId }) => messageId),
      );
      const results = ids.length === 0 ? [] : call(messages.filter(({ messageId }) => ids.includes(messageId)));
      return messages.map(({ messageId }) => results[ids.indexOf(messageId)]);
    },
  } as unknown as PooledProvider<Message>;
  const deps = {
    provider,
    journal,
    providerTimeoutMs: 1_000,
    stopping: new AbortController().signal,
    brakes: { holds: ({ messageId }: ClaimedMessage) => held.includes(messageId), inForce: () => [] },
    mayStart: () => !late(),
  };
  const batch = { lane: 'email-ht', token: 't', attempt: 1, brakes: [] } as unknown as ClaimedBatch;
  return { calls, written, send: (steps: TestStep[]) => sendAll(steps, batch, deps) };
}

test('what goes out together is in the journal before the call, each by itself, and so is each answer after it', async () => {
  const { send, calls, written } = startSending((id) => (id === 'b' ? LOST : ACCEPTED));
  const sent = await send([going('a'), going('b'), going('c')]);
  assert.deepEqual(calls, [{ messageIds: ['a', 'b', 'c'], begun: ['a t', 'b t', 'c t'] }]);
  assert.deepEqual(
    sent.map((one) => one?.outcome.state),
    ['sent', 'unknown', 'sent'],
  );
  assert.deepEqual(
    [...written().values()].map((entry) => 'result' in entry && entry.result.kind),
    ['accepted', 'unknown', 'accepted'],
  );
});

test('a lost answer leaves every message of the call unknown, and no other', async () => {
  const { send } = startSending((id) => (id === 'alone' ? ACCEPTED : LOST));
  const stopped: TestStep = { message: going('x').message, stop: { state: 'excluded', code: '050020' } };
  const sent = await send([going('a'), stopped, going('b'), going('alone', undefined)]);
  assert.deepEqual(
    sent.map((one) => one?.outcome.state),
    ['unknown', 'excluded', 'unknown', 'sent'],
  );
});

test('a message that a brake holds stays behind, without a line in the journal', async () => {
  const { send, calls, written } = startSending(() => ACCEPTED, ['b']);
  const sent = await send([going('a'), going('b'), going('c')]);
  assert.deepEqual(calls[0]?.messageIds, ['a', 'c']);
  assert.equal(sent[1], undefined);
  assert.ok(!written().has('b t'));
});

test('a lease that ends between the journal and the call takes every line back', async () => {
  let asked = 0;
  const { send, calls, written } = startSending(
    () => ACCEPTED,
    [],
    () => ++asked > 1,
  );
  assert.deepEqual(await send([going('a'), going('b')]), [undefined, undefined]);
  assert.equal(calls.length, 0);
  assert.equal(written().size, 0);
});

test('a message with files goes out by itself, whatever the lane', () => {
  const go = { version: { definition: {} } } as Resolved<unknown, unknown>;
  const shared = { version: { definition: { files: { a: { digest: 'x', bytes: 1 } } } } } as unknown as typeof go;
  const own = [{ name: 'a.pdf', contentType: 'application/pdf', source: { type: 's3Path', path: 'a' } }];
  const steps = [{}, { attachments: own }, {}, {}].map((recipient, n) => ({
    message: { messageId: `${n}`, versionId: 'v', recipient } as ClaimedMessage,
    go: n === 3 ? shared : go,
  }));
  const handfuls = handOvers(steps, { lane: 'email-ht' }, { groupLimit: () => 50 });
  assert.deepEqual(
    handfuls.map((group) => group.map(({ message }) => message.messageId).join()),
    ['1', '3', '0,2'],
  );
});

test('high throughput and bulk go out in handfuls of a version, people who wait one by one', () => {
  const steps = ['v1', 'v2', 'v1', 'v1', 'v2'].map((versionId, n) => ({
    message: { messageId: `${n}`, versionId } as ClaimedMessage,
    stop: EXCLUDED,
  }));
  const shape = (lane: Lane, limit: number) =>
    handOvers(steps, { lane }, { groupLimit: () => limit }).map((group) =>
      group.map(({ message }) => message.messageId).join(),
    );
  assert.deepEqual(shape('email-ht', 2), ['0,2', '3', '1,4']);
  assert.deepEqual(shape('email-bulk', 50), ['0,2,3', '1,4']);
  assert.deepEqual(shape('email-ht', 1), ['0', '1', '2', '3', '4']);
  assert.deepEqual(shape('email', 50), ['0', '1', '2', '3', '4']);
});

const EXCLUDED: Outcome = { state: 'excluded', code: '050020' };
