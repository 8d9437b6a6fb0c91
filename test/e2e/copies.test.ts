import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { openTestLedger, waitFor } from '@outrigger/testkit';
import { author, type Kept } from './author.ts';
import { startStack, type TestStack } from './stack.ts';

const ledger = await openTestLedger();
type Json = Record<string, unknown>;
const CONTENT = { subject: 'Order {{ context.number }} {{ profile.name }}', html: { body: '<p>Hello</p>' } };

describe('copies of mail', () => {
  let stack: TestStack;
  let desk: ReturnType<typeof author>;
  before(async () => {
    stack = await startStack(ledger, 'postgres');
    desk = author(stack);
  });
  after(() => stack.stop());

  async function mailTo(address: string): Promise<Kept[]> {
    const { body } = await stack.call('control', 'GET', '/sandbox/messages?channel=email');
    return (body.data as Kept[]).filter(({ recipient }) => recipient === address);
  }
  const arrived = (address: string, count = 1) =>
    waitFor(`${count} mails to ${address}`, async () => {
      const mails = await mailTo(address);
      return mails.length >= count ? mails : undefined;
    });
  /** What the campaign itself counts: its messages without those that are told apart. */
  const counted = async (campaignId: string) => {
    const { rows } = await stack.pool.query<{ endpoint: string; n: number }>(
      'SELECT endpoint, count(*)::int AS n FROM messages WHERE campaign_id = $1 GROUP BY endpoint',
      [campaignId],
    );
    return Object.fromEntries(rows.map(({ endpoint, n }) => [endpoint, n]));
  };

  test('an archive gets a copy of each mail that was sent, which looks like it and is not counted (F059)', async () => {
    const archive = 'archive@vault.example';
    const campaign = await desk.campaign('EMAIL', await desk.surface('EMAIL', { bcc_email: archive }), CONTENT);
    await stack.call('control', 'PUT', '/profiles', {
      identities: [{ namespace: 'email', value: 'ada@shop.example' }],
      attributes: { name: 'Ada' },
    });
    const context = { number: 7 };
    const messages = await desk.send(
      campaign,
      { type: 'aep', userId: 'ada@shop.example', namespace: 'email', context },
      { type: 'external', userId: 'nobody', namespace: 'email', context },
    );
    assert.deepEqual(
      messages.map(({ state }) => state),
      ['sent', 'excluded'],
    );
    const [copy] = await arrived(archive);
    const [original] = await desk.kept(messages[0]!.messageId);
    assert.notEqual(copy!.messageId, original!.messageId);
    assert.deepEqual(
      [copy!.content.subject, copy!.content.html, copy!.content.text],
      [original!.content.subject, original!.content.html, original!.content.text],
    );
    assert.equal(copy!.content.subject, 'Order 7 Ada');
    // It says whom the original was to, and goes to the archive.
    assert.match(String(copy!.content.raw), /^To: ada@shop\.example\r$/m);
    assert.deepEqual(await counted(campaign), { unitary: 2, copy: 1 });
    // One copy, and none of the copy.
    const again = await desk.send(campaign, {
      type: 'external',
      userId: 'bo@shop.example',
      namespace: 'email',
      context,
    });
    await arrived(archive, 2);
    assert.deepEqual(await counted(campaign), { unitary: 3, copy: 2 });
    assert.equal(again.length, 1);
    const sameDomain = { from_email: 'shop@shop.example', bcc_email: 'archive@shop.example' };
    const surface = { name: 'same', channel: 'EMAIL', category: 'Transactional', settings: sameDomain };
    assert.equal((await stack.call('control', 'POST', '/metadata/surfaces', surface)).status, 400);
  });

  test('seed addresses get one copy a treatment of what an audience gets, whatever its opt-in rule, and are not counted (F060)', async () => {
    const seeds = { addresses: ['one@seeds.example', 'two@seeds.example'], profile: { name: 'Seed' } };
    const settings = { seeds, consent_mode: 'opt-in' };
    const surface = await desk.surface('EMAIL', settings, { category: 'Marketing' });
    const people = ['ada', 'bo', 'cy'].map((name) => ({ namespace: 'email', value: `${name}-seeded@shop.example` }));
    for (const identity of people) {
      const consents = { marketing: { email: { val: 'y' } } };
      await stack.call('control', 'PUT', '/profiles', {
        identities: [identity],
        attributes: { name: 'Person' },
        consents,
      });
    }
    const { body: audience } = await stack.call('control', 'POST', '/audiences', { name: 'seeded' });
    await stack.call('control', 'POST', `/audiences/${audience.audienceId}/members`, { add: people });
    const experiment = {
      treatments: [
        { name: 'A', percentage: 50 },
        { name: 'B', percentage: 30, content: { ...CONTENT, subject: 'B {{ context.number }} {{ profile.name }}' } },
        { name: 'nobody', percentage: 20, isHoldout: true },
      ],
    };
    const campaign = await desk.campaign('EMAIL', surface, CONTENT, {
      category: 'Marketing',
      audience: { audienceId: audience.audienceId },
      action: { experiment },
    });
    const call = { requestId: 'seeded-1', campaignId: campaign, context: { number: 9 } };
    const { status, body } = await stack.call('ingress', 'POST', '/ajo/im/executions/audience', call);
    assert.equal(status, 202, JSON.stringify(body));
    for (const address of seeds.addresses) {
      const mails = await arrived(address, 2);
      assert.deepEqual(mails.map(({ content }) => content.subject).sort(), ['B 9 Seed', 'Order 9 Seed']);
    }
    const told = await waitFor('the execution to be exported', async () => {
      const read = await stack.call('ingress', 'GET', `/ajo/im/executions/audience/${body.executionId}`);
      return read.body.status === 'InProgress' ? undefined : (read.body as Json);
    });
    assert.equal(told.targetedProfileCount, 3);
    assert.deepEqual(await counted(campaign), { batch: 3, copy: 4 });
  });
});
