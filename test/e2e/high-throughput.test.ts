import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { openTestLedger, waitFor } from '@outrigger/testkit';
import { type Answer, startStack, type TestStack } from './stack.ts';

const ledger = await openTestLedger();
const PROFILE_TABLES = ['profiles', 'profile_identities'];

describe('high throughput', () => {
  let stack: TestStack;
  const campaigns: Record<'ht' | 'standard', string> = { ht: '', standard: '' };
  before(async () => {
    stack = await startStack(ledger, 'postgres');
    for (const kind of ['ht', 'standard'] as const) {
      const highThroughputMode = kind === 'ht';
      const surface = await stack.call('control', 'POST', '/metadata/surfaces', {
        channel: 'EMAIL',
        name: kind,
        category: 'Transactional',
        highThroughputMode,
        settings: { from_email: 'alerts@shop.example' },
      });
      const { body } = await stack.call('control', 'POST', '/campaigns', {
        name: kind,
        category: 'Transactional',
        highThroughputMode,
        identityNamespace: 'email',
        packages: [
          {
            channel: 'EMAIL',
            attributes: { surface: { surfaceId: surface.body.surfaceId } },
            content: { subject: 'Alert', html: { body: '<p>{{ context.text }}</p>' } },
          },
        ],
      });
      const live = await stack.call('control', 'POST', `/campaigns/${body.campaignId}/publish`);
      assert.equal(live.status, 200, JSON.stringify(live.body));
      campaigns[kind] = String(body.campaignId);
    }
  });
  after(() => stack.stop());

  const send = (
    endpoint: 'unitary' | 'highthroughput',
    campaignId: string,
    type: 'aep' | 'external',
  ): Promise<Answer> =>
    stack.call('ingress', 'POST', `/ajo/im/executions/${endpoint}`, {
      requestId: randomUUID(),
      campaignId,
      recipients: [{ type, userId: 'ada@example.com', namespace: 'email', context: { text: 'Hello' } }],
    });
  const refusedWith = async (code: string, answer: Promise<Answer>) =>
    assert.match(String((await answer).body.type), new RegExp(`/${code}$`));

  test('takes external recipients alone, at its own endpoint (F046)', async () => {
    await refusedWith('MSG-000004-400', send('highthroughput', campaigns.ht, 'aep'));
    await refusedWith('MSG-000013-400', send('unitary', campaigns.ht, 'external'));
    await refusedWith('MSG-000013-400', send('highthroughput', campaigns.standard, 'external'));
  });

  test('has lanes, queues and processes of its own: with nobody there for one, the other goes on (F048)', async () => {
    const serve = async (lanes: string) => {
      await stack.services.get('email-worker')!.stop();
      await stack.start('email-worker', { LANES: lanes });
    };
    const accept = async (kind: 'ht' | 'standard') => {
      const { body } = await send(kind === 'ht' ? 'highthroughput' : 'unitary', campaigns[kind], 'external');
      return body.executionId;
    };
    const stateOf = async (executionId: unknown) => {
      const { body } = await stack.call('ingress', 'GET', `/ajo/im/executions/${executionId}`);
      return (body.messages as { state: string }[])[0]!.state;
    };
    const sent = (executionId: unknown) =>
      waitFor('the message to be sent', async () => ((await stateOf(executionId)) === 'sent' ? true : undefined));
    await serve('email');
    const [waiting, going] = [await accept('ht'), await accept('standard')];
    await sent(going);
    assert.equal(await stateOf(waiting), 'queued');
    await serve('email-ht');
    const standard = await accept('standard');
    await sent(waiting);
    await sent(await accept('ht'));
    assert.equal(await stateOf(standard), 'queued');
    await serve('email,email-ht');
    await sent(standard);
  });

  test('delivers while the tables of profiles are gone (F049)', async () => {
    for (const table of PROFILE_TABLES) await stack.pool.query(`ALTER TABLE ${table} RENAME TO ${table}_away`);
    try {
      const accepted = await send('highthroughput', campaigns.ht, 'external');
      assert.equal(accepted.status, 202, JSON.stringify(accepted.body));
      await waitFor('the message to be sent', async () => {
        const { body } = await stack.call('ingress', 'GET', `/ajo/im/executions/${accepted.body.executionId}`);
        return (body.messages as { state: string }[])[0]?.state === 'sent' ? true : undefined;
      });
      // The same call for a known person needs them, so they are really gone.
      assert.ok((await send('unitary', campaigns.standard, 'aep')).status >= 500);
    } finally {
      for (const table of PROFILE_TABLES) await stack.pool.query(`ALTER TABLE ${table}_away RENAME TO ${table}`);
    }
  });
});
