import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { z } from 'zod';
import { accountsFrom } from './accounts-config.ts';

const providers = z.discriminatedUnion('EMAIL_PROVIDER', [
  z.object({
    EMAIL_PROVIDER: z.literal('ses'),
    SES_REGION: z.string().min(1),
    SES_TIMEOUT_MS: z.coerce.number().int().max(60_000).default(10_000),
  }),
  z.object({ EMAIL_PROVIDER: z.literal('smtp'), SMTP_URL: z.url(), SMTP_PASSWORD: z.string().min(8) }),
]);

const read = (
  list: string | undefined,
  variables: Record<string, unknown> = { EMAIL_PROVIDER: 'ses', SES_REGION: 'x' },
) => accountsFrom({ listName: 'EMAIL_ACCOUNTS', list, providerName: 'EMAIL_PROVIDER', variables }, providers);

const problemsOf = (answer: ReturnType<typeof read>) =>
  'problems' in answer ? answer.problems.map(({ path, message }) => `${path.join('.')}: ${message}`) : [];

describe('accounts of a channel', () => {
  it('are one, named after its provider, when there is no list', () => {
    assert.deepEqual(read(undefined), {
      accounts: [
        {
          name: 'ses',
          ratePerSecond: undefined,
          weight: 1,
          config: { EMAIL_PROVIDER: 'ses', SES_REGION: 'x', SES_TIMEOUT_MS: 10_000 },
        },
      ],
    });
    assert.match(problemsOf(read(undefined, { EMAIL_PROVIDER: 'ses' }))[0]!, /^SES_REGION: /);
  });

  it('are read with their own settings and the variables of their provider', () => {
    const list = [
      { name: 'ses-eu', rate_per_second: 50, weight: 3, EMAIL_PROVIDER: 'ses', SES_REGION: 'eu', SES_TIMEOUT_MS: 500 },
      { name: 'own', EMAIL_PROVIDER: 'smtp', SMTP_URL: 'smtp://127.0.0.1', SMTP_PASSWORD: 'long enough' },
    ];
    assert.deepEqual(read(JSON.stringify(list)), {
      accounts: [
        {
          name: 'ses-eu',
          ratePerSecond: 50,
          weight: 3,
          config: { EMAIL_PROVIDER: 'ses', SES_REGION: 'eu', SES_TIMEOUT_MS: 500 },
        },
        {
          name: 'own',
          ratePerSecond: undefined,
          weight: 1,
          config: { EMAIL_PROVIDER: 'smtp', SMTP_URL: 'smtp://127.0.0.1', SMTP_PASSWORD: 'long enough' },
        },
      ],
    });
  });

  it('tell all their problems together, by place', () => {
    const list = [
      { name: 'A', rate_per_second: -1, EMAIL_PROVIDER: 'ses' },
      { name: 'b', EMAIL_PROVIDER: 'pigeon' },
      { name: 'c', EMAIL_PROVIDER: 'ses', SES_REGION: 'x' },
      { name: 'c', EMAIL_PROVIDER: 'ses', SES_REGION: 'x' },
      'text',
    ];
    const places = problemsOf(read(JSON.stringify(list))).map((line) => line.split(':')[0]);
    for (const place of [
      'EMAIL_ACCOUNTS.0.name',
      'EMAIL_ACCOUNTS.0.rate_per_second',
      'EMAIL_ACCOUNTS.0.SES_REGION',
      'EMAIL_ACCOUNTS.1.EMAIL_PROVIDER',
      'EMAIL_ACCOUNTS.3.name',
      'EMAIL_ACCOUNTS.4',
    ]) {
      assert.ok(places.includes(place), `${place} in ${places.join(' ')}`);
    }
    for (const wrong of ['', '{', '{}', '[]']) assert.match(problemsOf(read(wrong))[0]!, /^EMAIL_ACCOUNTS: /);
  });

  it('never show a value, however wrong it is', () => {
    const secret = 'S3CRET';
    const spoil = fc.constantFrom(
      (list: unknown) => `${JSON.stringify(list)}}`,
      (list: unknown) => JSON.stringify(list).slice(0, -3),
      (list: unknown) => JSON.stringify(list),
      (list: unknown) => JSON.stringify({ list }),
    );
    const given = fc.record({
      name: fc.constantFrom('own', `Own ${secret}`, 7),
      rate_per_second: fc.constantFrom(secret, 5),
      EMAIL_PROVIDER: fc.constantFrom('smtp', secret),
      SMTP_URL: fc.constantFrom(secret, { [`${secret}`]: 1 }),
      SMTP_PASSWORD: fc.constantFrom(secret, [secret]),
    });
    fc.assert(
      fc.property(given, spoil, (item, write) => {
        const problems = problemsOf(read(write([item])));
        assert.ok(problems.length > 0);
        assert.ok(!problems.join('\n').includes(secret), problems.join('\n'));
      }),
    );
  });
});
