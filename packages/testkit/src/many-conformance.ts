import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { SendResult } from '@outrigger/core';
import {
  type ConformanceSubject,
  type ExpectedAnswer,
  PEER_BEHAVIOURS,
  type PeerBehaviour,
} from './provider-conformance.ts';

/**
 * What `providerConformance` checks of one message, of a call with several (`Provider.many`): every message of the call gets
 * the answer that its peer's behaviour means, in order, and the call is made once. `requests` may be a larger number where a
 * refusal of the whole call is looked into message by message: that is a second attempt only after a certain first.
 */
export function manyConformance<Message>(
  subject: ConformanceSubject<Message> & { requestsWhenRefused: Partial<Record<PeerBehaviour, number>> },
): void {
  describe(`provider conformance, several messages a call: ${subject.name}`, () => {
    for (const behaviour of PEER_BEHAVIOURS) {
      const expected = subject.expected[behaviour];
      if (expected.kind === 'not-applicable') continue;
      it(`answers for each of ${MESSAGES} messages when its peer: ${behaviour}`, LIMIT, async () => {
        const started = await subject.start(behaviour === 'refuses-connection' ? 'accepts' : behaviour);
        if (behaviour === 'refuses-connection') await started.stopPeer();
        const { many } = started.provider;
        assert.ok(many, 'the provider takes several messages a call');
        const messages = Array.from({ length: MESSAGES }, (_, n) => subject.message(`m-conformance-${n}`, behaviour));
        const groups = new Set(messages.map((message) => many.groupOf(message)));
        assert.equal(groups.size, 1);
        assert.ok(![...groups].includes(undefined), 'the messages may go together');
        const deadlineMs = behaviour === 'hangs' ? 400 : 8_000;
        const beganAt = performance.now();
        const results = await many.send(messages, AbortSignal.timeout(deadlineMs));
        const tookMs = performance.now() - beganAt;
        await started.provider.close();
        await started.stopPeer();
        assert.equal(results.length, MESSAGES);
        for (const result of results) checkAnswer(result, expected);
        assert.ok(tookMs < deadlineMs + 1_000, `settled after ${Math.round(tookMs)} ms`);
        const usual = behaviour === 'refuses-connection' ? 0 : 1;
        assert.equal(
          started.requests(),
          subject.requestsWhenRefused[behaviour] ?? usual,
          'requests that reached the peer',
        );
      });
    }

    it('sends nothing when the deadline has passed already', LIMIT, async () => {
      const started = await subject.start('accepts');
      const messages = [subject.message('m-1', 'accepts'), subject.message('m-2', 'accepts')];
      const results = await started.provider.many!.send(messages, AbortSignal.abort());
      await started.provider.close();
      await started.stopPeer();
      for (const result of results) checkAnswer(result, { kind: 'refused', code: 'transient.unavailable' });
      assert.equal(started.requests(), 0, 'requests that reached the peer');
    });
  });
}

const MESSAGES = 3;
const LIMIT = { timeout: 20_000 };

function checkAnswer(result: SendResult, expected: ExpectedAnswer): void {
  const shown = JSON.stringify(result);
  assert.equal(result.kind, expected.kind, shown);
  if (result.kind === 'accepted') assert.ok(result.providerMessageId.length > 0);
  else if (expected.kind === 'refused' || expected.kind === 'unknown') assert.equal(result.code, expected.code, shown);
}
