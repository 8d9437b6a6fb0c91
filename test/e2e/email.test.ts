import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { openTestLedger, type SesEmulator, startSesEmulator } from '@outrigger/testkit';
import { author } from './author.ts';
import { startStack, type TestStack } from './stack.ts';

const ledger = await openTestLedger();
const external = (userId: string, more: object = {}) => ({ type: 'external', userId, namespace: 'email', ...more });
const CONTENT = { subject: 'Hello', html: { body: '<p>Hello</p>' } };

describe('what an email is made of', () => {
  let stack: TestStack;
  let desk: ReturnType<typeof author>;
  before(async () => {
    stack = await startStack(ledger, 'postgres');
    desk = author(stack);
  });
  after(() => stack.stop());

  const rawOf = async (messageId: string) => String((await desk.kept(messageId))[0]!.content.raw);

  test('the text part follows the HTML, unless it is written by hand (F055)', async () => {
    const surface = await desk.surface('EMAIL');
    const html = { body: '<h1>Order {{ context.number }}</h1><p>Thank <b>you</b>, {{ profile.name }}!</p>' };
    const person = external('a@shop.example', { profile: { name: 'Ada & Bo' }, context: { number: 7 } });
    const synced = await desk.campaign('EMAIL', surface, { subject: 'Order', html });
    const [message] = await desk.send(synced, person);
    const { content } = (await desk.kept(message!.messageId))[0]!;
    assert.match(String(content.html), /<b>you<\/b>, Ada &amp; Bo!/);
    assert.match(String(content.text), /^Order 7\s+Thank you, Ada & Bo!\s*$/);
    assert.match(String(content.raw), /Content-Type: text\/plain[\s\S]*Content-Type: text\/html/);
    const text = { body: 'By hand: {{ context.number }}', syncFromHtml: false };
    const [own] = await desk.send(await desk.campaign('EMAIL', surface, { subject: 'Order', html, text }), person);
    assert.equal((await desk.kept(own!.messageId))[0]!.content.text, 'By hand: 7');
  });

  test('a Sender that differs from From is a header, one that is empty keeps the mail back, and custom headers show (F057)', async () => {
    const settings = { sender_name: 'Desk', sender_email: '{{ context.desk }}', from_name: '{{ context.shop }}' };
    const headers = { 'X-Order': '{{ context.number }}' };
    const campaign = await desk.campaign('EMAIL', await desk.surface('EMAIL', settings), { ...CONTENT, headers });
    const context = { number: 7, shop: 'Lyon' };
    const [differs, same, none] = await desk.send(
      campaign,
      external('a@shop.example', { context: { ...context, desk: 'desk@shop.example' } }),
      external('b@shop.example', { context: { ...context, desk: 'shop@shop.example' } }),
      external('c@shop.example', { context }),
    );
    const raw = await rawOf(differs!.messageId);
    assert.match(raw, /^From: Lyon <shop@shop\.example>\r$/m);
    assert.match(raw, /^Sender: Desk <desk@shop\.example>\r$/m);
    assert.match(raw, /^X-Order: 7\r$/m);
    assert.equal(same!.state, 'sent');
    assert.doesNotMatch(await rawOf(same!.messageId), /^Sender:/m);
    assert.deepEqual([none!.state, none!.code], ['excluded', 'policy.sender_missing']);
    assert.deepEqual(await desk.kept(none!.messageId), []);
  });

  test('rules choose the domain of the sender, and who fits none gets no mail (F058)', async () => {
    const subdomains = [
      { when: 'profile.country == "DE"', domain: 'de.shop.example' },
      { when: 'profile.country == "FR" or context.french', domain: 'fr.shop.example' },
    ];
    const campaign = await desk.campaign('EMAIL', await desk.surface('EMAIL', { subdomains }), CONTENT);
    const [german, french, other] = await desk.send(
      campaign,
      external('a@shop.example', { profile: { country: 'DE' } }),
      external('b@shop.example', { context: { french: true } }),
      external('c@shop.example', { profile: { country: 'IT' } }),
    );
    assert.match(await rawOf(german!.messageId), /^From: shop@de\.shop\.example\r$/m);
    assert.match(await rawOf(french!.messageId), /^From: shop@fr\.shop\.example\r$/m);
    assert.deepEqual([other!.state, other!.code], ['excluded', '050109']);
    assert.match(other!.events.at(-1)!.detail!, /de\.shop\.example, fr\.shop\.example/);
  });

  test('rules that cannot work, or that read a profile where there is none, are refused with the configuration (F058)', async () => {
    const refused = async (subdomains: unknown, more: object = {}) => {
      const surface = { name: 'refused', channel: 'EMAIL', category: 'Transactional', ...more };
      const settings = { from_email: 'shop@shop.example', subdomains };
      return (await stack.call('control', 'POST', '/metadata/surfaces', { ...surface, settings })).status;
    };
    const domain = 'de.shop.example';
    assert.equal(await refused([{ when: 'true %}{% if true', domain }]), 400);
    assert.equal(await refused([{ when: 'true', domain: '-.example' }]), 400);
    assert.equal(await refused([{ when: 'profile.country', domain }], { highThroughputMode: true }), 400);
    assert.equal(await refused(Array.from({ length: 51 }, () => ({ when: 'true', domain }))), 400);
  });

  describe('through SES', () => {
    let ses: SesEmulator;
    before(async () => {
      ses = await startSesEmulator();
      await stack.services.get('email-worker')!.stop();
      const account = {
        name: 'ses-main',
        EMAIL_PROVIDER: 'ses',
        SES_REGION: 'eu-central-1',
        SES_ENDPOINT: ses.url,
        SES_ACCESS_KEY_ID: 'AKIA',
        SES_SECRET_ACCESS_KEY: 'secret',
        rate_per_second: 500,
      };
      await stack.start('email-worker', { EMAIL_ACCOUNTS: JSON.stringify([account]) });
    });
    after(() => ses.close());

    test('From, Reply-To and return path are as configured, and the account has the id that SES gave (F054)', async () => {
      const settings = {
        from_name: 'Shop',
        reply_to_name: 'Help',
        reply_to_email: 'help@shop.example',
        return_path_email: 'bounces@shop.example',
      };
      const campaign = await desk.campaign('EMAIL', await desk.surface('EMAIL', settings), CONTENT);
      const [message] = await desk.send(campaign, external('ada@customer.example'));
      const [taken] = ses.takenOf(message!.messageId);
      assert.match(taken!.raw, /^From: Shop <shop@shop\.example>\r$/m);
      assert.match(taken!.raw, /^Reply-To: Help <help@shop\.example>\r$/m);
      assert.deepEqual([taken!.to, taken!.returnPath], ['ada@customer.example', 'bounces@shop.example']);
      assert.equal(message!.events.at(-1)!.providerMessageId, taken!.sesId);
    });
  });
});
