import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { PushMessage, SandboxRecord } from '@outrigger/core';
import { type PeerBehaviour, providerConformance, USUAL_ANSWERS } from '@outrigger/testkit/provider-conformance';
import { buildPayload, createPushProvider, SANDBOX_TOKENS } from '../src/index.ts';
import { FULL_MESSAGE, PLAIN_MESSAGE } from './sample.ts';

function startSandbox(keep?: (record: SandboxRecord) => Promise<void>) {
  const kept: SandboxRecord[] = [];
  const provider = createPushProvider(
    { PUSH_PROVIDER: 'sandbox' },
    {
      keep: async (record) => {
        await keep?.(record);
        kept.push(record);
      },
    },
  );
  return { provider, kept };
}

const TOKENS: Partial<Record<PeerBehaviour, string>> = { hangs: 'silent-1', resets: 'lost-1' };
let token = PLAIN_MESSAGE.token;
providerConformance<PushMessage>({
  name: 'push sandbox',
  message: (messageId) => ({ ...PLAIN_MESSAGE, messageId, token }),
  start: async (behaviour) => {
    token = TOKENS[behaviour] ?? PLAIN_MESSAGE.token;
    const { provider, kept } = startSandbox();
    return { provider, requests: () => kept.length, stopPeer: async () => {} };
  },
  expected: {
    ...USUAL_ANSWERS,
    // It has no peer that counts these: it refuses before anything is kept (tested below), and it cannot be away.
    throttles: { kind: 'not-applicable' },
    'refuses-recipient': { kind: 'not-applicable' },
    'refuses-content': { kind: 'not-applicable' },
    'server-error': { kind: 'not-applicable' },
    garbage: { kind: 'not-applicable' },
    'refuses-connection': { kind: 'not-applicable' },
  },
});

describe('push sandbox', () => {
  it('keeps the payload that the phone would have got, under the message id', async () => {
    const { provider, kept } = startSandbox();
    const result = await provider.send(FULL_MESSAGE, AbortSignal.timeout(1_000));
    assert.deepEqual(result, { kind: 'accepted', providerMessageId: `sandbox-${FULL_MESSAGE.messageId}` });
    assert.deepEqual(kept, [
      {
        channel: 'push',
        messageId: FULL_MESSAGE.messageId,
        recipient: 'token-1',
        content: { platform: 'apns', appId: 'com.example.shop', payload: buildPayload(FULL_MESSAGE) },
      },
    ]);
  });

  for (const [name, code] of Object.entries(SANDBOX_TOKENS)) {
    if (code.startsWith('ambiguous.')) continue;
    it(`refuses tokens starting with ${name} with ${code} and keeps nothing`, async () => {
      const { provider, kept } = startSandbox();
      const result = await provider.send({ ...PLAIN_MESSAGE, token: `${name}-1` }, AbortSignal.timeout(1_000));
      assert.partialDeepStrictEqual(result, { kind: 'refused', code });
      assert.equal(kept.length, 0);
    });
  }

  it('leaves the outcome open when the record may not be kept', async () => {
    const { provider } = startSandbox(() => Promise.reject(new Error('store is away')));
    const result = await provider.send(PLAIN_MESSAGE, AbortSignal.timeout(1_000));
    assert.partialDeepStrictEqual(result, { kind: 'unknown', code: 'ambiguous.response' });
  });
});
