import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { SandboxRecord, SmsMessage } from '@outrigger/core';
import { type PeerBehaviour, providerConformance, USUAL_ANSWERS } from '@outrigger/testkit/provider-conformance';
import { createSmsProvider, SANDBOX_NUMBERS } from '../src/index.ts';

const MESSAGE: SmsMessage = {
  messageId: 'm-1',
  to: '+4915112345678',
  from: 'Shop',
  text: 'Hello',
  category: 'transactional',
};

function startSandbox(keep?: (record: SandboxRecord) => Promise<void>) {
  const kept: SandboxRecord[] = [];
  const provider = createSmsProvider(
    { SMS_PROVIDER: 'sandbox' },
    {
      keep: async (record) => {
        await keep?.(record);
        kept.push(record);
      },
    },
  );
  return { provider, kept };
}

const NUMBERS: Partial<Record<PeerBehaviour, string>> = {
  hangs: '+4915112340003',
  resets: '+4915112340007',
};
let to = MESSAGE.to;
providerConformance<SmsMessage>({
  name: 'sms sandbox',
  message: (messageId) => ({ ...MESSAGE, messageId, to }),
  start: async (behaviour) => {
    to = NUMBERS[behaviour] ?? MESSAGE.to;
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

describe('sms sandbox', () => {
  it('keeps what it was given, under the message id', async () => {
    const { provider, kept } = startSandbox();
    const result = await provider.send(MESSAGE, AbortSignal.timeout(1_000));
    assert.deepEqual(result, { kind: 'accepted', providerMessageId: 'sandbox-m-1' });
    assert.deepEqual(kept, [
      { channel: 'sms', messageId: 'm-1', recipient: '+4915112345678', content: { from: 'Shop', text: 'Hello' } },
    ]);
  });

  for (const [ending, code] of Object.entries(SANDBOX_NUMBERS)) {
    if (code.startsWith('ambiguous.')) continue;
    it(`refuses numbers ending ${ending} with ${code} and keeps nothing`, async () => {
      const { provider, kept } = startSandbox();
      const result = await provider.send({ ...MESSAGE, to: `+491511234${ending}` }, AbortSignal.timeout(1_000));
      assert.partialDeepStrictEqual(result, { kind: 'refused', code });
      assert.equal(kept.length, 0);
    });
  }

  it('leaves the outcome open when the record may not be kept', async () => {
    const { provider } = startSandbox(() => Promise.reject(new Error('store is away')));
    const result = await provider.send(MESSAGE, AbortSignal.timeout(1_000));
    assert.partialDeepStrictEqual(result, { kind: 'unknown', code: 'ambiguous.response' });
  });
});
