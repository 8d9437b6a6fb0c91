import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Recipient } from '@outrigger/core';
import { correctRecipient } from './correct-recipient.ts';

const recipient: Recipient = {
  type: 'aep',
  userId: 'anna@shop.example',
  namespace: 'email',
  channelData: { emailAddress: 'anna@wrong.example' },
  context: { order: { number: 1, note: 'x' } },
};

function refusalOf(changes: object, endpoint: 'unitary' | 'highthroughput' = 'unitary') {
  const corrected = correctRecipient(endpoint, recipient, changes);
  return 'refusal' in corrected ? `${corrected.refusal.code} ${corrected.refusal.title}` : 'none';
}

test('changes are laid over the recipient, null removes a member, and the rest stays', () => {
  const changes = {
    channelData: { emailAddress: 'anna@shop.example' },
    context: { order: { note: null } },
    profile: { a: 1 },
  };
  assert.deepEqual(correctRecipient('unitary', recipient, changes), {
    recipient: {
      ...recipient,
      channelData: { emailAddress: 'anna@shop.example' },
      context: { order: { number: 1 } },
      profile: { a: 1 },
    },
  });
});

test('the result must be a recipient that a trigger call may have, and the refusal names the member', () => {
  assert.match(refusalOf({ channelData: { email: 'x' } }), /^MSG-000008 Remove email from recipient\.channelData/);
  assert.match(
    refusalOf({ channelData: { pushInfo: { appID: 'a' } } }),
    /^MSG-000009 recipient\.channelData\.pushInfo/,
  );
  assert.match(refusalOf({ context: { system: {} } }), /^MSG-000007/);
  assert.match(refusalOf({ context: { long: 'x'.repeat(200_001) } }), /^MSG-000006/);
  assert.match(refusalOf({}, 'highthroughput'), /^MSG-000004/);
});

test('an address that delivery would exclude is refused while it can still be corrected', () => {
  assert.match(refusalOf({ channelData: { emailAddress: 'nobody' } }), /^MSG-000009 channelData\.emailAddress has no/);
  assert.match(refusalOf({ channelData: { mobilePhoneNumber: '0701' } }), /^MSG-000009 channelData\.mobilePhoneNumber/);
});
