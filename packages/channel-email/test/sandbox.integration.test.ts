import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { EmailMessage, SandboxRecord } from '@outrigger/core';
import { type PeerBehaviour, providerConformance, USUAL_ANSWERS } from '@outrigger/testkit/provider-conformance';
import PostalMime from 'postal-mime';
import { SANDBOX_RECIPIENTS, type SandboxBehaviour } from '../src/providers/sandbox/codes.ts';
import { createSandboxProvider } from '../src/providers/sandbox/send.ts';
import { sampleEmail } from './sample.ts';

const RECIPIENTS: Record<PeerBehaviour, string> = {
  accepts: 'ada',
  throttles: 'throttle',
  'refuses-recipient': 'refuse',
  'refuses-content': 'spam',
  'server-error': 'garble',
  hangs: 'silent',
  resets: 'lost',
  garbage: 'garble+again',
  'refuses-connection': 'down',
};

// There is no peer: what is counted is what was kept, and a refused message is not.
providerConformance<EmailMessage>({
  name: 'sandbox',
  message: (messageId, behaviour) => sampleEmail(messageId, `${RECIPIENTS[behaviour]}@example.com`),
  start: async () => {
    const records: SandboxRecord[] = [];
    const provider = createSandboxProvider(async (record) => {
      records.push(record);
    });
    return { provider, requests: () => records.length, stopPeer: async () => {} };
  },
  expected: {
    ...USUAL_ANSWERS,
    throttles: { kind: 'refused', code: 'transient.throttled', requests: 0 },
    'refuses-recipient': { kind: 'refused', code: 'permanent.recipient', requests: 0 },
    'refuses-content': { kind: 'refused', code: 'permanent.content', requests: 0 },
  },
});

describe('sandbox', () => {
  it('keeps what was sent, with the raw message', async () => {
    const records: SandboxRecord[] = [];
    const provider = createSandboxProvider(async (record) => {
      records.push(record);
    });
    const message = sampleEmail('m-1');
    const result = await provider.send(message, AbortSignal.timeout(1_000));
    assert.deepEqual(result, { kind: 'accepted', providerMessageId: 'sandbox-m-1' });
    const { content, ...record } = records[0]!;
    assert.deepEqual(record, { channel: 'email', messageId: 'm-1', recipient: 'ada@example.com' });
    const { raw, ...shown } = content;
    const { messageId: _, ...sent } = message;
    assert.deepEqual(shown, sent);
    assert.ok(typeof raw === 'string');
    assert.equal((await PostalMime.parse(raw)).subject, message.subject);
  });

  for (const [name, code] of Object.entries(SANDBOX_RECIPIENTS)) {
    it(`plays ${code} for ${name}@`, async () => {
      const provider = createSandboxProvider(async () => {});
      const to = `${name.toUpperCase() as SandboxBehaviour}+tag@example.com`;
      const result = await provider.send(sampleEmail('m-1', to), AbortSignal.timeout(50));
      assert.equal('code' in result && result.code, code);
    });
  }

  it('answers for silent@ only when the deadline has passed', async () => {
    const provider = createSandboxProvider(async () => {});
    const signal = AbortSignal.timeout(50);
    await provider.send(sampleEmail('m-1', 'silent@example.com'), signal);
    assert.ok(signal.aborted);
  });

  it('is in doubt when the record could not be kept', async () => {
    const provider = createSandboxProvider(() => Promise.reject(new Error('store is away')));
    const result = await provider.send(sampleEmail('m-1'), AbortSignal.timeout(1_000));
    assert.equal('code' in result && result.code, 'ambiguous.response');
  });
});
