import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { JsonObject, JsonValue, PushPlatform, PushSettings, Recipient } from '@outrigger/core';
import fc from 'fast-check';
import { resolvePushTargets } from './resolve.ts';

const SETTINGS: PushSettings = { app_id: 'com.example.shop', platforms: ['apns', 'fcm'] };
const PERSON: Recipient = { type: 'aep', userId: 'ana', namespace: 'crm' };
const stored = (token: string, platform: string, more: JsonObject = {}): JsonObject => ({
  appID: 'com.example.shop',
  platform,
  token,
  ...more,
});

function resolve(profile: JsonObject | undefined, settings = SETTINGS, recipient = PERSON) {
  return resolvePushTargets({ recipient, profile, settings });
}
const ofTokens = (pushNotificationDetails: JsonValue) => resolve({ pushNotificationDetails });
const codeOf = (resolved: ReturnType<typeof resolve>) => ('excluded' in resolved ? resolved.excluded : 'reached');
const target = (token: string, platform: PushPlatform) => ({ token, platform, appId: 'com.example.shop' });

describe('push: tokens of the profile', () => {
  it('are all reached when they are of the app and its platforms', () => {
    const resolved = ofTokens([
      stored('phone', 'fcm', { denylisted: false, identity: { id: 'ana' } }),
      stored('tablet', 'apns'),
      stored('test-build', 'apnsSandbox'),
      stored('other-app', 'fcm', { appID: 'com.example.other' }),
      stored('gone', 'fcm', { denylisted: true }),
    ]);
    assert.deepEqual(resolved, { targets: [target('phone', 'fcm'), target('tablet', 'apns')] });
  });

  it('are reached once each', () => {
    const resolved = ofTokens([stored('a', 'fcm'), stored('a', 'fcm'), stored('a', 'apns')]);
    assert.deepEqual(resolved, { targets: [target('a', 'fcm'), target('a', 'apns')] });
  });

  it('exclude a person who has none', () => {
    const without: (JsonObject | undefined)[] = [
      undefined,
      {},
      { pushNotificationDetails: [] },
      { pushNotificationDetails: null },
    ];
    for (const profile of without) {
      assert.equal(codeOf(resolve(profile)), '050030');
    }
  });

  it('exclude a person whose tokens are for other apps or platforms, or dead', () => {
    assert.equal(codeOf(ofTokens([stored('a', 'apnsSandbox')])), '050031');
    assert.equal(codeOf(ofTokens([stored('a', 'fcm', { appID: 'com.example.other' })])), '050031');
    assert.equal(codeOf(ofTokens([stored('a', 'fcm', { denylisted: true })])), '050031');
  });

  for (const [what, details] of [
    ['text', 'token'],
    ['an object', { token: 'a' }],
    ['an array of text', ['token']],
    ['an element without a token', [{ appID: 'com.example.shop', platform: 'fcm' }]],
    ['a token with a line break', [stored('a\nb', 'fcm')]],
    ['an empty token', [stored('', 'fcm')]],
    ['a token of 5,000 characters', [stored('a'.repeat(5_000), 'fcm')]],
  ] as [string, JsonValue][]) {
    it(`are malformed when the field holds ${what}`, () => {
      assert.equal(codeOf(ofTokens(details)), '050034');
    });
  }

  it('are reached in spite of a malformed neighbour', () => {
    assert.deepEqual(ofTokens([7, stored('phone', 'fcm')]), { targets: [target('phone', 'fcm')] });
  });

  it('end in targets of the configured app or in a code, whatever the profile holds', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const resolved = ofTokens(value as JsonValue);
        if ('targets' in resolved) assert.ok(resolved.targets.every(({ appId }) => appId === SETTINGS.app_id));
        else assert.match(resolved.excluded, /^05003[014]$/);
      }),
    );
  });
});

describe('push: the token of the call', () => {
  const call = (appID: string, platform: PushPlatform, token = 'given') => {
    const recipient = { ...PERSON, channelData: { pushInfo: { appID, platform, token } } };
    return resolve({ pushNotificationDetails: [stored('phone', 'fcm')] }, SETTINGS, recipient);
  };

  it('is the only one reached', () => {
    assert.deepEqual(call('com.example.shop', 'apns'), { targets: [target('given', 'apns')] });
  });

  it('is not replaced by the profile when it does not fit', () => {
    assert.equal(codeOf(call('com.example.other', 'apns')), '050033');
    assert.equal(codeOf(call('com.example.shop', 'apnsSandbox')), '050031');
    assert.equal(codeOf(call('com.example.shop', 'apns', 'a b')), '050031');
  });
});

describe('push: the channel configuration', () => {
  it('excludes everybody when it names no app or no platform', () => {
    const profile = { pushNotificationDetails: [stored('phone', 'fcm')] };
    assert.equal(codeOf(resolve(profile, { app_id: '', platforms: ['fcm'] })), '050033');
    assert.equal(codeOf(resolve(profile, { app_id: 'com.example.shop', platforms: [] })), '050033');
  });
});
