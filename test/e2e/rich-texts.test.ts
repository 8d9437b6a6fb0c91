import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { openTestLedger } from '@outrigger/testkit';
import { type ScriptedReply, type ScriptedServer, startScriptedServer } from '@outrigger/testkit/scripted-server';
import { author } from './author.ts';
import { startStack, type TestStack } from './stack.ts';

const ledger = await openTestLedger();
type Json = Record<string, unknown>;
const phone = (userId: string, more: object = {}) => ({ type: 'external', userId, namespace: 'phone', ...more });
const MEDIA = 'https://cdn.shop.example/{{ context.file }}';
const MMS = { messageType: 'mms', text: 'Hi {{ profile.name }}', title: 'New for {{ profile.name }}', mediaUri: MEDIA };
const RCS = {
  messageType: 'rcs',
  text: 'Your parcel is here: https://shop.example/p',
  rcs: {
    type: 'carousel',
    cards: [
      { title: 'Parcel {{ context.number }}', mediaUri: MEDIA, suggestions: [{ type: 'reply', text: 'Thanks' }] },
      {
        description: 'Open until 8',
        suggestions: [{ type: 'openUrl', text: 'Track', url: 'https://shop.example/{{ context.number }}' }],
      },
    ],
    suggestions: [
      { type: 'dial', text: 'Call us', phoneNumber: '+46 8 123 456' },
      { type: 'viewLocation', text: 'Where', latitude: '{{ context.lat }}', longitude: 18.06 },
    ],
  },
};

describe('MMS and RCS (F066)', () => {
  let stack: TestStack;
  let desk: ReturnType<typeof author>;
  let peer: ScriptedServer;
  /** Numbers of phones without RCS, and what the provider says of them. */
  const notCapable = new Map<string, ScriptedReply>([
    ['+46701111002', { status: 404, body: '{}' }],
    ['+46701111003', { status: 400, body: '{"error": {"code": "RCS_NOT_SUPPORTED"}}' }],
  ]);
  const bodies = (path: string) =>
    peer.requests.filter((request) => request.path === path).map(({ body }) => JSON.parse(body.toString()) as Json);
  const useProvider = async (environment: Record<string, string>) => {
    await stack.services.get('sms-worker')!.stop();
    await stack.start('sms-worker', environment);
  };

  before(async () => {
    stack = await startStack(ledger, 'postgres');
    desk = author(stack);
    peer = await startScriptedServer(({ path, body }) => {
      const { to } = JSON.parse(body.toString()) as { to: string };
      const refusal = path === '/rcs' ? notCapable.get(to) : undefined;
      return refusal ?? { status: 200, body: JSON.stringify({ id: `${path}-${to}` }) };
    });
  });
  after(async () => {
    await stack.stop();
    await peer.close();
  });

  async function refusalsOf(content: Json): Promise<string> {
    const surface = { surfaceId: await desk.surface('SMS'), surfaceType: 'brandingPresetId' };
    const draft = await stack.call('control', 'POST', '/campaigns', {
      name: `draft-${randomUUID()}`,
      category: 'Transactional',
      identityNamespace: 'phone',
      packages: [{ channel: 'SMS', attributes: { surface }, content }],
    });
    assert.equal(draft.status, 201, JSON.stringify(draft.body));
    const answer = await stack.call('control', 'POST', `/campaigns/${draft.body.campaignId}/publish`);
    assert.equal(answer.status, 400, JSON.stringify(answer.body));
    return JSON.stringify(answer.body);
  }

  test('the sandbox keeps an MMS and an RCS message, and falls back to the text for a number without RCS', async () => {
    const surface = await desk.surface('SMS');
    const context = { file: 'a.jpg', number: 7, lat: 59.33 };
    const [mms] = await desk.send(
      await desk.campaign('SMS', surface, MMS),
      phone('+46701111001', { context, profile: { name: 'Ada' } }),
    );
    assert.deepEqual((await desk.kept(mms!.messageId))[0]!.content.mms, {
      title: 'New for Ada',
      mediaUri: 'https://cdn.shop.example/a.jpg',
    });
    const [rich, plain] = await desk.send(
      await desk.campaign('SMS', surface, RCS),
      phone('+46701111001', { context }),
      phone('+46701110008', { context }),
    );
    assert.equal(((await desk.kept(rich!.messageId))[0]!.content.rcs as Json).type, 'carousel');
    assert.deepEqual((await desk.kept(plain!.messageId))[0]!.content, { from: 'Shop', text: RCS.text });
  });

  test('RCS without a text to fall back on cannot be activated, nor a carousel of one card or an MMS without its address', async () => {
    assert.match(await refusalsOf({ ...RCS, text: '' }), /rcs_fallback_missing/);
    assert.match(await refusalsOf({ ...RCS, text: ' \n' }), /rcs_fallback_missing/);
    assert.match(await refusalsOf({ ...RCS, rcs: { type: 'carousel', cards: [{ title: 'One' }] } }), /rcs_carousel/);
    assert.match(await refusalsOf({ messageType: 'rcs', text: 'Hi' }), /rcs_missing/);
    assert.match(await refusalsOf({ messageType: 'mms', text: 'Hi' }), /media_missing/);
    assert.match(await refusalsOf({ ...MMS, mediaUri: 'http://cdn.shop.example/a.jpg' }), /media_address/);
  });

  test('what is too long is refused with the draft', async () => {
    const surface = { surfaceId: await desk.surface('SMS'), surfaceType: 'brandingPresetId' };
    const statusOf = async (content: Json) =>
      (
        await stack.call('control', 'POST', '/campaigns', {
          name: randomUUID(),
          category: 'Transactional',
          packages: [{ channel: 'SMS', attributes: { surface }, content }],
        })
      ).status;
    assert.equal(await statusOf({ ...MMS, text: 'x'.repeat(1_600) }), 201);
    assert.equal(await statusOf({ ...MMS, text: 'x'.repeat(1_601) }), 400);
    assert.equal(await statusOf({ text: 'x'.repeat(1_501) }), 400);
    assert.equal(await statusOf({ ...MMS, mediaUri: `https://a.example/${'x'.repeat(2_000)}` }), 400);
    assert.equal(await statusOf({ ...RCS, rcs: { type: 'text', text: 'x'.repeat(3_073) } }), 400);
  });

  test('a provider that can send neither blocks activation, and a text of the same campaign goes through', async () => {
    await useProvider({
      SMS_PROVIDER: 'http',
      SMS_HTTP_URL: `${peer.url}/send`,
      SMS_HTTP_PRIVATE_NETWORK: 'allow',
      SMS_HTTP_PAYLOAD: '{"from": "{{fromNumber}}", "to": "{{toNumber}}", "text": "{{message}}"}',
      SMS_HTTP_MESSAGE_ID: 'id',
    });
    // The sandbox account of before may still be believed: a configuration that names its account is judged by that one.
    const pool = { provider_pool: { accounts: ['http'] } };
    const live = await desk.campaign('SMS', await desk.surface('SMS', pool), { text: 'Hi' });
    const [message] = await desk.send(live, phone('+46701111001'));
    assert.equal(message!.state, 'sent');
    assert.match(await refusalsOf(MMS), /surface\.mms_unsupported.*account http cannot send MMS/);
    assert.match(await refusalsOf(RCS), /surface\.rcs_unsupported/);
    assert.match(await refusalsOf({ ...MMS, text: '' }), /text_missing/);
  });

  test('a live campaign whose account cannot send MMS any more fails its messages, and never sends a text instead', async () => {
    await useProvider({});
    await stack.pool.query("DELETE FROM provider_accounts WHERE account = 'http'");
    const campaign = await desk.campaign('SMS', await desk.surface('SMS'), MMS);
    await useProvider({
      SMS_PROVIDER: 'http',
      SMS_HTTP_URL: `${peer.url}/send`,
      SMS_HTTP_PRIVATE_NETWORK: 'allow',
      SMS_HTTP_PAYLOAD: '{"from": "{{fromNumber}}", "to": "{{toNumber}}", "text": "{{message}}"}',
      SMS_HTTP_MESSAGE_ID: 'id',
    });
    const before = peer.requests.length;
    const [message] = await waitForEnd(campaign, phone('+46701111001', { context: { file: 'a.jpg' } }));
    assert.deepEqual([message!.state, message!.code], ['failed', 'permanent.content']);
    assert.equal(peer.requests.length, before);
  });
  const waitForEnd = (campaign: string, person: Json) => desk.send(campaign, person);

  test("one's own provider gets MMS with the address of the media, and RCS as JSON; who has no RCS gets the text", async () => {
    await useProvider({
      SMS_PROVIDER: 'http',
      SMS_HTTP_URL: `${peer.url}/send`,
      SMS_HTTP_RCS_URL: `${peer.url}/rcs`,
      SMS_HTTP_PRIVATE_NETWORK: 'allow',
      SMS_HTTP_PAYLOAD: '{"from": "{{fromNumber}}", "to": "{{toNumber}}", "text": "{{message}}"}',
      SMS_HTTP_MMS_PAYLOAD:
        '{"from": "{{fromNumber}}", "to": "{{toNumber}}", "text": "{{message}}", "subject": "{{title}}", "media": ["{{mediaUri}}"]}',
      SMS_HTTP_RCS_PAYLOAD:
        '{"agent": "{{fromNumber}}", "to": "{{toNumber}}", "ref": "{{messageId}}", "content": "{{rcs}}"}',
      SMS_HTTP_RCS_NOT_CAPABLE: '404,RCS_NOT_SUPPORTED',
      SMS_HTTP_MESSAGE_ID: 'id',
    });
    await stack.pool.query("DELETE FROM provider_accounts WHERE account = 'sandbox'");
    const surface = await desk.surface('SMS');
    const context = { file: 'a.jpg', number: 'A"7', lat: 59.33 };
    const profile = { name: 'Ada "Bo"' };
    const [mms] = await desk.send(
      await desk.campaign('SMS', surface, MMS),
      phone('+46701111001', { context, profile }),
    );
    assert.equal(mms!.state, 'sent');
    assert.deepEqual(bodies('/send').at(-1), {
      from: 'Shop',
      to: '+46701111001',
      text: 'Hi Ada "Bo"',
      subject: 'New for Ada "Bo"',
      media: ['https://cdn.shop.example/a.jpg'],
    });
    const texts = bodies('/send').length;
    const campaign = await desk.campaign('SMS', surface, RCS);
    const [rich, unknown, old] = await desk.send(
      campaign,
      ...['+46701111001', '+46701111002', '+46701111003'].map((number) =>
        phone(number, { context: { ...context, number: 7 } }),
      ),
    );
    assert.deepEqual(
      [rich, unknown, old].map((one) => [one!.state, one!.events.at(-1)!.providerMessageId]),
      [
        ['sent', '/rcs-+46701111001'],
        ['sent', '/send-+46701111002'],
        ['sent', '/send-+46701111003'],
      ],
    );
    const shown = bodies('/rcs').find(({ to }) => to === '+46701111001');
    assert.deepEqual(shown, {
      agent: 'Shop',
      to: '+46701111001',
      ref: rich!.messageId,
      content: {
        type: 'carousel',
        cards: [
          {
            title: 'Parcel 7',
            mediaUri: 'https://cdn.shop.example/a.jpg',
            suggestions: [{ type: 'reply', text: 'Thanks' }],
          },
          {
            description: 'Open until 8',
            suggestions: [{ type: 'openUrl', text: 'Track', url: 'https://shop.example/7' }],
          },
        ],
        suggestions: [
          { type: 'dial', text: 'Call us', phoneNumber: '+46 8 123 456' },
          { type: 'viewLocation', text: 'Where', latitude: 59.33, longitude: 18.06 },
        ],
      },
    });
    assert.deepEqual(
      bodies('/send')
        .slice(texts)
        .map(({ text }) => text),
      [RCS.text, RCS.text],
    );
    // A link that data breaks fails this message, and is no text either.
    const [broken] = await desk.send(campaign, phone('+46701111001', { context: { ...context, number: 'a b' } }));
    assert.deepEqual([broken!.state, broken!.code], ['failed', '050302']);
  });
});
