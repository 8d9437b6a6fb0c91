import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Provider, SendResult } from '@outrigger/core';

/**
 * The suite that every provider passes, whatever its channel. It checks what the pipeline leans on: one call sends at
 * most once, expected failures are values, certain refusals and doubts are told apart (reliability 5.4), deadlines hold.
 *
 *   providerConformance<SmsMessage>({
 *     name: 'sns',
 *     message: (messageId) => ({ messageId, to: '+4915112345678', from: 'Shop', text: 'Hi', category: 'transactional' }),
 *     start: async (behaviour) => {
 *       const peer = await startScriptedServer(() => REPLIES[behaviour]);           // ./scripted-server.ts
 *       const provider = createSnsProvider({ endpoint: peer.url, ... });
 *       return { provider, requests: () => peer.requests.length, stopPeer: peer.close };
 *     },
 *     expected: { ...USUAL_ANSWERS, 'server-error': { kind: 'refused', code: 'transient.unavailable' } },
 *   });
 *
 * `expected` must name every behaviour: a new one here does not compile until each provider has answered it.
 */
export function providerConformance<Message>(subject: ConformanceSubject<Message>): void {
  describe(`provider conformance: ${subject.name}`, () => {
    for (const behaviour of PEER_BEHAVIOURS) {
      const expected = subject.expected[behaviour];
      if (expected.kind === 'not-applicable') continue;
      it(`answers ${describeAnswer(expected)} when its peer ${IN_WORDS[behaviour]}`, TEST_LIMIT, () =>
        sendsOnce(subject, behaviour, expected),
      );
    }
    it('sends nothing when the deadline has passed already', TEST_LIMIT, () => sendsNothingTooLate(subject));
    it('keeps concurrent sends apart', TEST_LIMIT, () => keepsSendsApart(subject));
    it('can be closed before it ever sent, and twice', TEST_LIMIT, () => closesUnused(subject));
  });
}

/** What the protocol peer does with every request. The suite makes `refuses-connection` itself by stopping a peer. */
export const PEER_BEHAVIOURS = [
  'accepts',
  'throttles',
  'refuses-recipient',
  'refuses-content',
  'server-error',
  'hangs',
  'resets',
  'garbage',
  'refuses-connection',
] as const;
export type PeerBehaviour = (typeof PEER_BEHAVIOURS)[number];
/** The behaviours that a subject's `start` must be able to play. */
export type PlayedBehaviour = Exclude<PeerBehaviour, 'refuses-connection'>;

/** `requests` says how many attempts reach the peer where that is not the usual one (none without a connection). */
export type ExpectedAnswer =
  | { kind: 'accepted' }
  | { kind: 'refused' | 'unknown'; code: Exclude<SendResult, { kind: 'accepted' }>['code']; requests?: 0 | 1 }
  /** For a provider that has no such case; say why in a comment beside it. */
  | { kind: 'not-applicable' };

/** The rule of reliability 5.4 for a provider that is called over HTTP. */
export const USUAL_ANSWERS: Record<PeerBehaviour, ExpectedAnswer> = {
  accepts: { kind: 'accepted' },
  throttles: { kind: 'refused', code: 'transient.throttled' },
  'refuses-recipient': { kind: 'refused', code: 'permanent.recipient' },
  'refuses-content': { kind: 'refused', code: 'permanent.content' },
  'server-error': { kind: 'unknown', code: 'ambiguous.response' },
  hangs: { kind: 'unknown', code: 'ambiguous.timeout' },
  resets: { kind: 'unknown', code: 'ambiguous.connection_lost' },
  garbage: { kind: 'unknown', code: 'ambiguous.response' },
  'refuses-connection': { kind: 'refused', code: 'transient.unavailable' },
};

export type ConformanceSubject<Message> = {
  name: string;
  /** A message that can be accepted. `behaviour` is for a provider whose recipients decide (a sandbox). */
  message(messageId: string, behaviour: PeerBehaviour): Message;
  /** A fresh peer on a loopback port that plays `behaviour`, and a fresh provider that talks to it. */
  start(behaviour: PlayedBehaviour): Promise<StartedSubject<Message>>;
  expected: Record<PeerBehaviour, ExpectedAnswer>;
};

export type StartedSubject<Message> = {
  provider: Provider<Message>;
  /** Attempts to send that reached the peer: HTTP requests, SMTP transactions. */
  requests(): number;
  stopPeer(): Promise<void>;
};

const IN_WORDS: Record<PeerBehaviour, string> = {
  accepts: 'accepts the message',
  throttles: 'throttles',
  'refuses-recipient': 'refuses the recipient',
  'refuses-content': 'refuses the content',
  'server-error': 'has an error of its own',
  hangs: 'reads the message and never answers',
  resets: 'reads the message and resets the connection',
  garbage: 'says yes in a way nobody can read',
  'refuses-connection': 'is not there',
};

const TEST_LIMIT = { timeout: 20_000 };
/** Where the peer answers, the provider has this long; where it hangs, the deadline is what ends the call. */
const DEADLINE_MS = 8_000;
const HANG_DEADLINE_MS = 400;
/** How long after its deadline a provider may still take to settle. */
const GRACE_MS = 1_000;
const CONCURRENT_SENDS = 20;
const MESSAGE_ID = 'm-conformance-1';

async function sendsOnce<Message>(
  subject: ConformanceSubject<Message>,
  behaviour: PeerBehaviour,
  expected: ExpectedAnswer,
): Promise<void> {
  const started = await subject.start(behaviour === 'refuses-connection' ? 'accepts' : behaviour);
  if (behaviour === 'refuses-connection') await started.stopPeer();
  const deadlineMs = behaviour === 'hangs' ? HANG_DEADLINE_MS : DEADLINE_MS;
  const beganAt = performance.now();
  // A throw rejects here and fails the test: a provider never throws for what a peer does.
  const result = await started.provider.send(subject.message(MESSAGE_ID, behaviour), AbortSignal.timeout(deadlineMs));
  const tookMs = performance.now() - beganAt;
  await started.provider.close();
  await started.provider.close();
  await started.stopPeer();

  checkAnswer(result, expected);
  assert.ok(tookMs < deadlineMs + (behaviour === 'hangs' ? GRACE_MS : 0), `settled after ${Math.round(tookMs)} ms`);
  // Counted after both sides are closed, so that a retry behind our back cannot arrive later.
  const usual = behaviour === 'refuses-connection' ? 0 : 1;
  const requests = 'requests' in expected ? (expected.requests ?? usual) : usual;
  assert.equal(started.requests(), requests, 'requests that reached the peer');
}

/** A message that was never begun must stay certain: nothing went out, so it may be tried again. */
async function sendsNothingTooLate<Message>(subject: ConformanceSubject<Message>): Promise<void> {
  const started = await subject.start('accepts');
  const result = await started.provider.send(subject.message(MESSAGE_ID, 'accepts'), AbortSignal.abort());
  await started.provider.close();
  await started.stopPeer();
  checkAnswer(result, { kind: 'refused', code: 'transient.unavailable' });
  assert.equal(started.requests(), 0, 'requests that reached the peer');
}

async function keepsSendsApart<Message>(subject: ConformanceSubject<Message>): Promise<void> {
  const started = await subject.start('accepts');
  const signal = AbortSignal.timeout(DEADLINE_MS);
  const results = await Promise.all(
    Array.from({ length: CONCURRENT_SENDS }, (_, index) =>
      started.provider.send(subject.message(`m-conformance-${index}`, 'accepts'), signal),
    ),
  );
  await started.provider.close();
  await started.stopPeer();
  for (const result of results) checkAnswer(result, { kind: 'accepted' });
  assert.equal(started.requests(), CONCURRENT_SENDS, 'requests that reached the peer');
}

async function closesUnused<Message>(subject: ConformanceSubject<Message>): Promise<void> {
  const started = await subject.start('accepts');
  await started.provider.close();
  await started.provider.close();
  await started.stopPeer();
  assert.equal(started.requests(), 0, 'requests that reached the peer');
}

function checkAnswer(result: SendResult, expected: ExpectedAnswer): void {
  const shown = JSON.stringify(result);
  assert.equal(result.kind, expected.kind, shown);
  if (result.kind === 'accepted') {
    assert.ok(result.providerMessageId.length > 0, 'an accepted message has the id its provider gave it');
    return;
  }
  if (expected.kind === 'refused' || expected.kind === 'unknown') assert.equal(result.code, expected.code, shown);
  assert.ok(result.vendorCode.length > 0, `a refusal or doubt names the vendor's code: ${shown}`);
}

function describeAnswer(expected: ExpectedAnswer): string {
  return 'code' in expected ? `${expected.kind} ${expected.code}` : expected.kind;
}
