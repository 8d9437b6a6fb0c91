import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { lanesFrom, workerServiceConfig } from './worker-config.ts';

/** Like a real provider's: one variable is JSON text that becomes an object, and would not be taken a second time. */
const provider = z.discriminatedUnion('PUSH_PROVIDER', [
  z.object({ PUSH_PROVIDER: z.literal('sandbox') }),
  z.object({ PUSH_PROVIDER: z.literal('sns'), APPLICATIONS: z.string().transform((text) => JSON.parse(text)) }),
]);
const schema = workerServiceConfig('push', provider);
const least = { DATABASE_URL: 'postgres://localhost/outrigger', PORT: '8080' };

test('without a list there is one account, named after its provider, and the sandbox when nothing is said', () => {
  assert.deepEqual(
    schema.parse(least).accounts.map((account) => account.name),
    ['sandbox'],
  );
  const { accounts } = schema.parse({ ...least, PUSH_PROVIDER: 'sns', APPLICATIONS: '{"app":"arn"}' });
  assert.equal(accounts[0]!.name, 'sns');
  assert.deepEqual((accounts[0]!.config as { APPLICATIONS: unknown }).APPLICATIONS, { app: 'arn' });
});

test('a list makes the accounts, each with the variables of its own provider', () => {
  const list = [
    { name: 'eu', rate_per_second: 5, PUSH_PROVIDER: 'sns', APPLICATIONS: '{"app":"arn"}' },
    { name: 'try-out', PUSH_PROVIDER: 'sandbox' },
  ];
  const { accounts } = schema.parse({ ...least, PUSH_ACCOUNTS: JSON.stringify(list) });
  assert.deepEqual(
    accounts.map(({ name, ratePerSecond, weight }) => [name, ratePerSecond, weight]),
    [
      ['eu', 5, 1],
      ['try-out', undefined, 1],
    ],
  );
});

test('every problem of the list is named by its place', () => {
  const list = JSON.stringify([
    { name: 'EU', PUSH_PROVIDER: 'sandbox' },
    { name: 'b', PUSH_PROVIDER: 'pigeon' },
  ]);
  const { error } = schema.safeParse({ ...least, PUSH_ACCOUNTS: list });
  assert.deepEqual(
    error!.issues.map((issue) => issue.path.join('.')),
    ['PUSH_ACCOUNTS.0.name', 'PUSH_ACCOUNTS.1.PUSH_PROVIDER'],
  );
});

test('a worker serves all lanes of its channel, or those that it is told; a lane of another channel is refused', () => {
  assert.deepEqual(lanesFrom('push', undefined), { lanes: ['push', 'push-ht', 'push-bulk'] });
  assert.deepEqual(lanesFrom('push', 'push-ht,push-ht'), { lanes: ['push-ht'] });
  const { error } = schema.safeParse({ ...least, LANES: 'push-ht,email-ht' });
  assert.match(error!.message, /email-ht is no lane of push/);
});
