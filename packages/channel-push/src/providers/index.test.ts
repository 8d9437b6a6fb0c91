import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createPushProvider, pushProviderConfig } from './index.ts';
import { snsConfig } from './sns/config.ts';

const ARN = 'arn:aws:sns:eu-west-1:123456789012:app/GCM/shop';
const SNS = { PUSH_PROVIDER: 'sns', SNS_REGION: 'eu-west-1' };
const applications = (value: unknown) => ({ ...SNS, SNS_PUSH_APPLICATIONS: JSON.stringify(value) });

describe('pushProviderConfig', () => {
  it('takes the sandbox without further settings', () => {
    assert.deepEqual(pushProviderConfig.parse({ PUSH_PROVIDER: 'sandbox' }), { PUSH_PROVIDER: 'sandbox' });
  });

  it('reads the applications and fills in what SNS has a default for', () => {
    assert.deepEqual(pushProviderConfig.parse(applications({ 'com.example.shop:fcm': ARN })), {
      ...SNS,
      SNS_PUSH_APPLICATIONS: { 'com.example.shop:fcm': ARN },
      SNS_TIMEOUT_MS: 10_000,
      SNS_CONNECT_TIMEOUT_MS: 3_000,
    });
  });

  for (const [what, environment, problem] of [
    ['no applications', SNS, /expected string/],
    ['applications that are not JSON', { ...SNS, SNS_PUSH_APPLICATIONS: 'shop' }, /not a JSON object/],
    ['an empty list of applications', applications({}), /not a JSON object/],
    ['a key without a platform', applications({ 'com.example.shop': ARN }), /com.example.shop: the key is not/],
    ['a platform nobody knows', applications({ 'com.example.shop:windows': ARN }), /the key is not/],
    ['a value that is no ARN', applications({ 'com.example.shop:fcm': 'shop' }), /not the ARN/],
    ['the ARN of an endpoint', applications({ 'a:fcm': `${ARN.replace(':app/', ':endpoint/')}/1` }), /not the ARN/],
    ['an ARN of the other platform', applications({ 'com.example.shop:apns': ARN }), /GCM does not serve apns/],
    ['half of a key pair', { ...applications({ 'a:fcm': ARN }), SNS_ACCESS_KEY_ID: 'A' }, /together/],
  ] as const) {
    it(`refuses ${what}`, () => {
      const { success, error } = pushProviderConfig.safeParse(environment);
      assert.equal(success, false);
      assert.match(error?.message ?? '', problem);
    });
  }

  it('describes every variable and marks the secrets', () => {
    const marked = Object.entries(snsConfig.shape).filter(([, field]) => field.meta()?.secret === true);
    assert.deepEqual(
      marked.map(([name]) => name),
      ['SNS_SECRET_ACCESS_KEY'],
    );
    for (const option of pushProviderConfig.options) {
      for (const [name, field] of Object.entries(option.shape)) assert.ok(field.description, name);
    }
  });
});

describe('createPushProvider', () => {
  it('creates the provider that the configuration names', async () => {
    const keep = () => Promise.resolve();
    for (const environment of [{ PUSH_PROVIDER: 'sandbox' }, applications({ 'com.example.shop:fcm': ARN })]) {
      const provider = createPushProvider(pushProviderConfig.parse(environment), { keep });
      assert.equal(provider.name, environment.PUSH_PROVIDER);
      await provider.close();
    }
  });
});
