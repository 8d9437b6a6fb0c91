import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { openTestLedger, waitFor } from '@outrigger/testkit';
import { author } from './author.ts';
import { startStack, type TestStack } from './stack.ts';

const ledger = await openTestLedger();
const mail = (subject: string) => ({ subject, html: { body: '<p>Hello</p>' } });
const experiment = {
  treatments: [
    { name: 'A', percentage: 45 },
    { name: 'B', percentage: 45, content: mail('B {{ "2026-01-01" | date: "%Y", context.zone }}') },
    { name: 'nobody', percentage: 10, isHoldout: true },
  ],
};

describe('an experiment', () => {
  let stack: TestStack;
  let desk: ReturnType<typeof author>;
  let campaign: string;
  before(async () => {
    stack = await startStack(ledger, 'postgres');
    desk = author(stack);
    campaign = await desk.campaign('EMAIL', await desk.surface('EMAIL'), mail('A'), { action: { experiment } });
  });
  after(() => stack.stop());

  const people = Array.from({ length: 100 }, (_, n) => `p${n}@shop.example`);
  async function armsOf(userIds: string[]): Promise<string[]> {
    const arms: string[] = [];
    for (let from = 0; from < userIds.length; from += 20) {
      const recipients = userIds
        .slice(from, from + 20)
        .map((userId) => ({ type: 'external', userId, namespace: 'email', context: { zone: 'UTC' } }));
      for (const { messageId, state, code } of await desk.send(campaign, ...recipients)) {
        const subject =
          state === 'sent' ? String((await desk.kept(messageId))[0]!.content.subject) : `${state} ${code}`;
        arms.push(subject.split(' 2')[0]!);
      }
    }
    return arms;
  }

  test('gives each person one treatment, the same at every call, and a holdout nothing (F114)', async () => {
    const first = await armsOf(people);
    const counts = Object.fromEntries(
      Object.entries(Object.groupBy(first, (arm) => arm)).map(([k, v]) => [k, v!.length]),
    );
    assert.deepEqual(Object.keys(counts).sort(), ['A', 'B', 'excluded 050018']);
    assert.ok(counts.A! > 20 && counts.B! > 20 && counts['excluded 050018']! < 30, JSON.stringify(counts));
    assert.deepEqual(await armsOf(people.map((person) => person.toUpperCase())), first);
  });

  test('a proof sends every treatment, and one that cannot be rendered makes it fail in part (F111)', async () => {
    async function proof(zone: string) {
      const url = `${stack.services.get('control')!.url}/ajo/simulations/campaigns/${campaign}/proofs`;
      const channelsData = [{ channel: 'email', emailAddresses: ['me@shop.example'] }];
      const recipients = [{ userId: 'bo', namespace: 'crm', profile: {}, context: { zone }, channelsData }];
      const { headers } = stack.caller;
      const created = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ recipients }) });
      const { proofJobId } = (await created.json()) as { proofJobId: string };
      type Job = { status: string; proofs: { status: string; submitted: number; executionIds: string[] }[] };
      return waitFor('the proof to be submitted', async () => {
        const job = (await (await fetch(`${url}/${proofJobId}`, { headers })).json()) as Job;
        return job.status === 'CREATED' ? undefined : job;
      });
    }
    const whole = await proof('UTC');
    assert.deepEqual([whole.status, whole.proofs.map(({ submitted }) => submitted)], ['SUBMITTED', [1, 1]]);
    const subjects: unknown[] = [];
    for (const { executionIds } of whole.proofs) {
      const [message] = await desk.endedOf(executionIds[0]);
      subjects.push((await desk.kept(message!.messageId))[0]!.content.subject);
    }
    assert.deepEqual(subjects, ['A', 'B 2026']);
    const part = await proof('Nowhere/Zone');
    assert.deepEqual(
      [part.status, part.proofs.map(({ status }) => status)],
      ['PARTIALLY_FAILED', ['SUBMITTED', 'FAILED']],
    );
  });
});
