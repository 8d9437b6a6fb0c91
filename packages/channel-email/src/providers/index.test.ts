import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createEmailProvider, EMAIL_PROVIDERS, emailProviderConfig } from './index.ts';

const ENVIRONMENTS: Record<keyof typeof EMAIL_PROVIDERS, Record<string, string>> = {
  sandbox: { EMAIL_PROVIDER: 'sandbox' },
  ses: { EMAIL_PROVIDER: 'ses', SES_REGION: 'eu-central-1' },
  smtp: { EMAIL_PROVIDER: 'smtp', SMTP_HOST: '127.0.0.1' },
};

describe('email providers', () => {
  for (const [name, definition] of Object.entries(EMAIL_PROVIDERS)) {
    it(`${name} is chosen by its name and starts with its defaults`, async () => {
      const config = emailProviderConfig.parse(ENVIRONMENTS[name as keyof typeof EMAIL_PROVIDERS]);
      const provider = createEmailProvider(config, { keep: async () => {} });
      await provider.close();
      assert.equal(provider.name, name);
      assert.equal(definition.name, name);
    });

    it(`${name} describes every variable, for the configuration page`, () => {
      for (const [key, field] of Object.entries(definition.config.shape)) {
        assert.match(key, /^[A-Z][A-Z0-9_]+$/);
        assert.ok(field.description, key);
      }
    });
  }

  it('marks secrets, and only those', () => {
    const secrets = Object.values(EMAIL_PROVIDERS).flatMap((definition) =>
      Object.entries(definition.config.shape)
        .filter(([, field]) => field.meta()?.secret === true)
        .map(([key]) => key),
    );
    assert.deepEqual(secrets.sort(), ['SES_SECRET_ACCESS_KEY', 'SMTP_PASSWORD']);
  });

  const refused: [string, Record<string, string>][] = [
    ['an unknown provider', { EMAIL_PROVIDER: 'pigeon' }],
    ['half a pair of credentials', { ...ENVIRONMENTS.ses, SES_ACCESS_KEY_ID: 'AKIDEXAMPLE' }],
    ['a user without a password', { ...ENVIRONMENTS.smtp, SMTP_USER: 'ada' }],
    ['a connect timeout longer than the whole', { ...ENVIRONMENTS.ses, SES_TIMEOUT_MS: '1000' }],
    ['a port that is none', { ...ENVIRONMENTS.smtp, SMTP_PORT: '70000' }],
  ];
  for (const [name, environment] of refused) {
    it(`refuses ${name} at start`, () => {
      assert.equal(emailProviderConfig.safeParse(environment).success, false);
    });
  }
});
