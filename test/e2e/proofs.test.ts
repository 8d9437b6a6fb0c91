import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { openTestLedger, waitFor } from '@outrigger/testkit';
import { type Answer, startStack, type TestStack } from './stack.ts';

const ledger = await openTestLedger();

type Proof = {
  targeted: number;
  submitted: number;
  status: string;
  executionIds: string[];
  proofFailureReasons: object[];
};
type Message = { messageId: string; state: string; code?: string };

describe('proofs of a draft (F111)', () => {
  let stack: TestStack;
  let campaignId: string;
  let copyId: string;
  before(async () => {
    stack = await startStack(ledger, 'postgres');
    const settings = { from_email: 'shop@shop.example' };
    const surface = { name: 'proofs', channel: 'EMAIL', category: 'Transactional', settings };
    const { surfaceId } = (await stack.call('control', 'POST', '/metadata/surfaces', surface)).body;
    const created = await stack.call('control', 'POST', '/campaigns', {
      name: 'proofed',
      category: 'Transactional',
      identityNamespace: 'email',
      packages: [
        {
          channel: 'EMAIL',
          attributes: { surface: { surfaceId } },
          content: { subject: 'Order {{ context.number | plus: 1 }}', html: { body: '<p>{{ profile.name }}</p>' } },
        },
      ],
    });
    campaignId = String(created.body.campaignId);
  });
  after(() => stack.stop());

  async function simulate(method: string, path: string, body?: unknown): Promise<Answer> {
    const url = `${stack.services.get('control')!.url}/ajo/simulations/campaigns/${campaignId}/proofs${path}`;
    const sent = body === undefined ? {} : { body: JSON.stringify(body) };
    const response = await fetch(url, { method, headers: stack.caller.headers, ...sent });
    return { status: response.status, headers: response.headers, body: (await response.json()) as Answer['body'] };
  }
  async function done(recipients: object[]): Promise<{ status: unknown; proof: Proof }> {
    const created = await simulate('POST', '', { recipients });
    assert.deepEqual([created.status, created.body.status], [200, 'CREATED']);
    const body = await waitFor('the proof to be submitted', async () => {
      const read = (await simulate('GET', `/${created.body.proofJobId}`)).body;
      return read.status === 'CREATED' ? undefined : read;
    });
    return { status: body.status, proof: (body.proofs as [Proof])[0] };
  }
  async function ended(executionId: string | undefined): Promise<Message[]> {
    return waitFor('its messages to end', async () => {
      const { body } = await stack.call('ingress', 'GET', `/ajo/im/executions/${executionId}`);
      const messages = body.messages as Message[];
      return messages.every(({ state }) => ['sent', 'excluded', 'failed', 'canceled'].includes(state))
        ? messages
        : undefined;
    });
  }
  const email = (...emailAddresses: string[]) => ({ channel: 'email', subjectPrefix: '[TEST]', emailAddresses });
  const bo = (more: object) => ({
    userId: 'bo',
    namespace: 'crm',
    profile: { name: 'Bo' },
    context: { number: 7 },
    ...more,
  });

  test('each address gets the mail with the prefix, as an execution that is told apart, and history shows no version', async () => {
    const { status, proof } = await done([bo({ channelsData: [email('one@shop.example', 'two@shop.example')] })]);
    assert.deepEqual([status, proof.status, proof.targeted, proof.submitted], ['SUBMITTED', 'SUBMITTED', 2, 2]);
    assert.match(proof.executionIds[0]!, /^PMA-/);
    const messages = await ended(proof.executionIds[0]);
    assert.deepEqual(
      messages.map(({ state }) => state),
      ['sent', 'sent'],
    );
    const { body } = await stack.call('control', 'GET', `/sandbox/messages?messageId=${messages[1]!.messageId}`);
    const [kept] = body.data as [{ recipient: string; content: { subject: string; html: string } }];
    assert.deepEqual([kept.recipient, kept.content.subject], ['two@shop.example', '[TEST] Order 8']);
    assert.match(kept.content.html, /<p>Bo<\/p>/);
    const versions = (await stack.call('control', 'GET', `/campaigns/${campaignId}/versions`)).body;
    assert.deepEqual(versions.data, []);
    const { rows } = await stack.pool.query('SELECT sends FROM proof_jobs WHERE sends IS NOT NULL');
    assert.deepEqual(rows, [], 'no personal data is kept of a job that is done');
  });

  test('one recipient without a profile makes it fail in part, and all of them whole', async () => {
    const stranger = { userId: 'stranger@shop.example', namespace: 'email', channelsData: [email('a@shop.example')] };
    const some = await done([bo({ channelsData: [email('one@shop.example')] }), stranger]);
    assert.deepEqual(
      [some.status, some.proof.status, some.proof.targeted, some.proof.submitted],
      ['PARTIALLY_FAILED', 'SUBMITTED', 2, 1],
    );
    assert.match(JSON.stringify(some.proof.proofFailureReasons), /stranger@shop\.example.*No such profile/);
    const sms = bo({ channelsData: [{ channel: 'sms', phoneNumbers: ['+46700000000'] }] });
    assert.equal((await done([stranger])).status, 'FAILED');
    assert.equal((await done([sms])).status, 'FAILED');
  });

  test('a suppressed address gets no proof', async () => {
    const entry = { entity: { type: 'email', entityValue: 'gone@shop.example' } };
    const url = `${stack.services.get('control')!.url}/ajo/config/suppression/addresses`;
    await fetch(url, { method: 'POST', headers: stack.caller.headers, body: JSON.stringify([entry]) });
    const { proof } = await done([bo({ channelsData: [email('gone@shop.example')] })]);
    const [message] = await ended(proof.executionIds[0]);
    assert.deepEqual([message!.state, message!.code], ['excluded', '050102']);
  });

  test('activation makes version 1 of it, and a proof of the live campaign is no call of it', async () => {
    const copy = await stack.call('control', 'POST', `/campaigns/${campaignId}/duplicate`, { name: 'copied' });
    copyId = String(copy.body.campaignId);
    assert.equal((await stack.call('control', 'POST', `/campaigns/${campaignId}/publish`)).status, 200);
    const { proof } = await done([bo({ channelsData: [email('one@shop.example')] })]);
    assert.deepEqual(
      (await ended(proof.executionIds[0])).map(({ state }) => state),
      ['sent'],
    );
    const versions = (await stack.call('control', 'GET', `/campaigns/${campaignId}/versions`)).body;
    assert.deepEqual(
      (versions.data as { number: number }[]).map(({ number }) => number),
      [1],
    );
  });

  test('what cannot be proofed is refused', async () => {
    const refused = async (...recipients: object[]) => String((await simulate('POST', '', { recipients })).body.type);
    assert.match(await refused(), /MSG-000009/);
    const prefixed = { ...email('a@shop.example'), subjectPrefix: '{{ 1 }}' };
    assert.match(await refused(bo({ channelsData: [prefixed] })), /MSG-000009/);
    const many = Array.from({ length: 11 }, (_, n) => `p${n}@shop.example`);
    assert.match(await refused(bo({ channelsData: [email(...many)] })), /MSG-000009/);
    assert.equal((await simulate('GET', '/0198f000-0000-7000-8000-000000000000')).status, 404);
    await stack.call('control', 'PUT', `/campaigns/${campaignId}`, { name: 'proofed', category: 'Transactional' });
    assert.match(await refused(bo({ channelsData: [email('a@shop.example')] })), /SIM-000006/);
  });

  test('a draft is deleted while its proof is on its way, and the proof arrives', async () => {
    campaignId = copyId;
    const { proof } = await done([bo({ channelsData: [email('one@shop.example')] })]);
    assert.equal((await stack.call('control', 'DELETE', `/campaigns/${campaignId}`)).status, 200);
    assert.deepEqual(
      (await ended(proof.executionIds[0])).map(({ state }) => state),
      ['sent'],
    );
  });
});
