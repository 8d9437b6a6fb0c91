import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { httpConfig } from './http/config.ts';
import { createSmsProvider, smsProviderConfig } from './index.ts';
import { snsConfig } from './sns/config.ts';

describe('smsProviderConfig', () => {
  it('takes the sandbox without further settings', () => {
    assert.deepEqual(smsProviderConfig.parse({ SMS_PROVIDER: 'sandbox', PATH: '/bin' }), { SMS_PROVIDER: 'sandbox' });
  });

  it('fills in what SNS has a default for', () => {
    assert.deepEqual(smsProviderConfig.parse({ SMS_PROVIDER: 'sns', SNS_REGION: 'eu-west-1' }), {
      SMS_PROVIDER: 'sns',
      SNS_REGION: 'eu-west-1',
      SNS_TIMEOUT_MS: 10_000,
      SNS_CONNECT_TIMEOUT_MS: 3_000,
    });
  });

  for (const [what, environment] of [
    ['no region', { SMS_PROVIDER: 'sns' }],
    ['half of a key pair', { SMS_PROVIDER: 'sns', SNS_REGION: 'eu-west-1', SNS_ACCESS_KEY_ID: 'A' }],
    ['an endpoint that is not an address', { SMS_PROVIDER: 'sns', SNS_REGION: 'eu-west-1', SNS_ENDPOINT: 'ftp://a' }],
    [
      'a connect timeout as long as the whole',
      { SMS_PROVIDER: 'sns', SNS_REGION: 'eu-west-1', SNS_TIMEOUT_MS: '3000' },
    ],
    ['a provider nobody wrote', { SMS_PROVIDER: 'pigeon' }],
  ] as const) {
    it(`refuses ${what}`, () => {
      assert.equal(smsProviderConfig.safeParse(environment).success, false);
    });
  }

  it('describes every variable and marks the secrets', () => {
    const marked = [snsConfig, httpConfig].flatMap(({ shape }) =>
      Object.entries(shape).filter(([, field]) => field.meta()?.secret === true),
    );
    assert.deepEqual(
      marked.map(([name]) => name),
      ['SNS_SECRET_ACCESS_KEY', 'SMS_HTTP_HEADERS'],
    );
    for (const option of smsProviderConfig.options) {
      for (const [name, field] of Object.entries(option.shape)) assert.ok(field.description, name);
    }
  });
});

describe('createSmsProvider', () => {
  it('creates the provider that the configuration names', async () => {
    const keep = () => Promise.resolve();
    const http = {
      SMS_PROVIDER: 'http',
      SMS_HTTP_URL: 'https://sms.example/send',
      SMS_HTTP_PAYLOAD: '{"a": "{{fromNumber}}", "b": "{{toNumber}}", "c": "{{message}}"}',
      SMS_HTTP_MESSAGE_ID: 'id',
    };
    for (const environment of [{ SMS_PROVIDER: 'sandbox' }, { SMS_PROVIDER: 'sns', SNS_REGION: 'eu-west-1' }, http]) {
      const provider = createSmsProvider(smsProviderConfig.parse(environment), { keep });
      assert.equal(provider.name, environment.SMS_PROVIDER);
      await provider.close();
    }
  });
});
