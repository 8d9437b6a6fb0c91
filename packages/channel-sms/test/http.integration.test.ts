import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { describe, it } from 'node:test';
import type { SmsMessage } from '@outrigger/core';
import { type PeerBehaviour, providerConformance, USUAL_ANSWERS } from '@outrigger/testkit/provider-conformance';
import { type ScriptedReply, startScriptedServer } from '@outrigger/testkit/scripted-server';
import { createSmsProvider, smsProviderConfig } from '../src/index.ts';
import { createPoster } from '../src/providers/http/post.ts';

const ENVIRONMENT = {
  SMS_PROVIDER: 'http',
  SMS_HTTP_HEADERS: '{"Authorization": "Bearer secret-of-the-account"}',
  SMS_HTTP_PAYLOAD:
    '{"from": "{{fromNumber}}", "messages": [{"to": "{{toNumber}}", "text": "{{message}}", "ref": "x-{{messageId}}"}], "flash": false}',
  SMS_HTTP_MESSAGE_ID: 'messages.0.id',
  SMS_HTTP_PRIVATE_NETWORK: 'allow',
};
const MESSAGE: SmsMessage = {
  messageId: 'm-1',
  to: '+4915112345678',
  from: 'Shop',
  text: 'Your "order" \\ is on its way ✓\n{{toNumber}}',
  category: 'transactional',
};
const TAKEN: ScriptedReply = { status: 201, body: '{"messages": [{"id": 4711}]}' };
const REPLIES: Record<Exclude<PeerBehaviour, 'refuses-connection'>, ScriptedReply> = {
  accepts: TAKEN,
  throttles: { status: 429, headers: { 'retry-after': '7' } },
  'refuses-recipient': { status: 400 },
  'refuses-content': { status: 422, body: '{"error": "too long for +4915112345678"}' },
  'server-error': { status: 503 },
  hangs: 'hang',
  resets: 'reset',
  garbage: { status: 200, body: '{"messages": []}' },
};

function startProvider(url: string, settings = {}) {
  const config = smsProviderConfig.parse({ ...ENVIRONMENT, SMS_HTTP_URL: url, ...settings });
  return createSmsProvider(config, { keep: () => Promise.reject(new Error('keeps nothing')) });
}

async function sendOnce(reply: ScriptedReply, settings = {}) {
  const peer = await startScriptedServer(() => reply);
  const provider = startProvider(`${peer.url}/send?account=1`, settings);
  const result = await provider.send(MESSAGE, AbortSignal.timeout(5_000));
  await provider.close();
  await peer.close();
  return { result, requests: peer.requests };
}

providerConformance<SmsMessage>({
  name: 'sms http',
  message: (messageId) => ({ ...MESSAGE, messageId }),
  start: async (behaviour) => {
    const peer = await startScriptedServer(() => REPLIES[behaviour]);
    return { provider: startProvider(peer.url), requests: () => peer.requests.length, stopPeer: peer.close };
  },
  // HTTP has no status that blames the recipient.
  expected: { ...USUAL_ANSWERS, 'refuses-recipient': { kind: 'refused', code: 'permanent.content' } },
});

describe("sms http: a provider of one's own (F063)", () => {
  it('posts the template with its places filled in, and takes the id from the path', async () => {
    const { result, requests } = await sendOnce(TAKEN);
    assert.deepEqual(result, { kind: 'accepted', providerMessageId: '4711' });
    const [request] = requests;
    assert.deepEqual([request!.method, request!.path], ['POST', '/send?account=1']);
    assert.equal(request!.headers.authorization, 'Bearer secret-of-the-account');
    assert.equal(request!.headers['content-type'], 'application/json; charset=utf-8');
    // A text can neither add a member nor name a place.
    assert.deepEqual(JSON.parse(request!.body.toString()), {
      from: 'Shop',
      messages: [{ to: MESSAGE.to, text: MESSAGE.text, ref: 'x-m-1' }],
      flash: false,
    });
  });

  it('comes again when it is told to, within an hour', async () => {
    const after = async (header: string) => {
      const { result } = await sendOnce({ status: 429, headers: { 'retry-after': header } });
      return 'retryAfterMs' in result ? result.retryAfterMs : undefined;
    };
    assert.deepEqual(
      [await after('7'), await after('0'), await after('999999999'), await after('soon')],
      [7_000, 1_000, 3_600_000, undefined],
    );
  });

  it('follows no redirect, and does not repeat the number', async () => {
    const { result, requests } = await sendOnce({ status: 302, headers: { location: 'http://169.254.169.254/' } });
    assert.equal('code' in result && result.code, 'transient.configuration');
    assert.equal(requests.length, 1);
    const { result: refused } = await sendOnce(REPLIES['refuses-content']);
    assert.equal('detail' in refused && refused.detail, '{"error": "too long for [number]"}');
  });

  it('reads no more than 64 kB of an answer', async () => {
    const { result } = await sendOnce({ status: 200, body: `{"messages":[{"id":"${'x'.repeat(70_000)}"}]}` });
    assert.equal('code' in result && result.code, 'ambiguous.response');
  });

  for (const [what, settings] of [
    ['an address inside', { SMS_HTTP_URL: 'https://10.1.2.3/send' }],
    ['the metadata service', { SMS_HTTP_URL: 'https://169.254.169.254/' }],
    ['the machine itself', { SMS_HTTP_URL: 'https://localhost/' }],
    ['a name inside', { SMS_HTTP_URL: 'https://metadata.google.internal/' }],
    ['an IPv4 address in an IPv6 one', { SMS_HTTP_URL: 'https://[::ffff:127.0.0.1]/' }],
    ['plain HTTP', { SMS_HTTP_URL: 'http://sms.example/' }],
    ['another port', { SMS_HTTP_URL: 'https://sms.example:6379/' }],
    ['a password in the address', { SMS_HTTP_URL: 'https://a:b@sms.example/' }],
    ['a header of ours', { SMS_HTTP_HEADERS: '{"Host": "a"}' }],
    ['a header with a line break', { SMS_HTTP_HEADERS: '{"X-A": "a\\r\\nb"}' }],
    ['a template without the text', { SMS_HTTP_PAYLOAD: '{"a": "{{fromNumber}}{{toNumber}}"}' }],
    ['a template that is no JSON', { SMS_HTTP_PAYLOAD: '{{fromNumber}}{{toNumber}}{{message}}' }],
    ['a path that is none', { SMS_HTTP_MESSAGE_ID: 'messages[0]' }],
  ] as const) {
    it(`does not start with ${what}, and shows no value`, () => {
      const environment = { ...ENVIRONMENT, SMS_HTTP_URL: 'https://sms.example/', SMS_HTTP_PRIVATE_NETWORK: 'refuse' };
      assert.ok(smsProviderConfig.safeParse(environment).success);
      const parsed = smsProviderConfig.safeParse({ ...environment, ...settings });
      assert.equal(parsed.success, false);
      assert.doesNotMatch(JSON.stringify(parsed.error?.issues.map(({ message }) => message)), /secret-of/);
    });
  }

  it('connects to no name that leads inside by now', async () => {
    let connections = 0;
    const server = createServer((socket) => {
      connections++;
      socket.destroy();
    }).listen(0, 'localhost');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const url = new URL(`http://localhost:${port}/`);
    const timeouts = { timeoutMs: 5_000, connectTimeoutMs: 5_000 };
    const guarded = createPoster({ url, headers: {}, onlyPublic: true, ...timeouts });
    const refused = await guarded.post('{}', AbortSignal.timeout(5_000));
    assert.ok('error' in refused);
    assert.deepEqual([refused.begun, refused.error.code, connections], [false, 'EPRIVATE', 0]);
    const free = createPoster({ url, headers: {}, onlyPublic: false, ...timeouts });
    await free.post('{}', AbortSignal.timeout(5_000));
    assert.equal(connections, 1);
    guarded.close();
    free.close();
    server.close();
  });
});

describe('sms http: MMS and RCS (F066)', () => {
  const RCS_SETTINGS = {
    SMS_HTTP_RCS_PAYLOAD: '{"to": "{{toNumber}}", "content": "{{rcs}}"}',
    SMS_HTTP_RCS_NOT_CAPABLE: '404,NO_RCS',
  };
  const rich: SmsMessage = { ...MESSAGE, rcs: { type: 'text', text: '{{toNumber}} {{rcs}}' } };

  async function sendRich(replies: ScriptedReply[], settings: object = RCS_SETTINGS, message = rich) {
    const peer = await startScriptedServer(() => replies.shift() ?? TAKEN);
    const provider = startProvider(peer.url, settings);
    const result = await provider.send(message, AbortSignal.timeout(5_000));
    await provider.close();
    await peer.close();
    return { result, bodies: peer.requests.map(({ body }) => JSON.parse(body.toString())) };
  }

  it('puts the content in as JSON, in which nothing is replaced', async () => {
    const { bodies } = await sendRich([TAKEN]);
    assert.deepEqual(bodies, [{ to: rich.to, content: rich.rcs }]);
  });

  const falls: [string, ScriptedReply][] = [
    ['by status', { status: 404 }],
    ['by a code in the answer', { status: 422, body: '{"errors": [{"code": "NO_RCS"}]}' }],
  ];
  for (const [how, reply] of falls) {
    it(`sends the text to a phone without RCS, told ${how}`, async () => {
      const { result, bodies } = await sendRich([reply]);
      assert.equal(result.kind, 'accepted');
      assert.equal(bodies.length, 2);
      assert.equal(bodies[1].messages[0].text, MESSAGE.text);
    });
  }

  const stays: [string, ScriptedReply][] = [
    ['a refusal that says something else', { status: 400, body: '{"code": "OTHER"}' }],
    ['a yes that names the code', { status: 200, body: '{"messages": [{"id": "NO_RCS"}]}' }],
    ['an outage', { status: 503 }],
    ['a lost answer', 'reset'],
    ['an answer that is nested without end', { status: 400, body: '['.repeat(30_000) + ']'.repeat(30_000) }],
  ];
  for (const [how, reply] of stays) {
    it(`sends no text after ${how}`, async () => {
      const { bodies } = await sendRich([reply]);
      assert.equal(bodies.length, 1);
    });
  }

  it('refuses for good what it has no body for, and asks nobody', async () => {
    for (const message of [rich, { ...MESSAGE, mms: { mediaUri: 'https://a.example/b' } }]) {
      const { result, bodies } = await sendRich([], {}, message);
      assert.deepEqual([result.kind, 'code' in result && result.code], ['refused', 'permanent.content']);
      assert.equal(bodies.length, 0);
    }
  });

  it('says what it can send by what is configured, and takes no body without the places', () => {
    assert.deepEqual(startProvider('http://127.0.0.1:1').abilities, []);
    const mms = { SMS_HTTP_MMS_PAYLOAD: '{"a": "{{fromNumber}} {{toNumber}} {{message}} {{mediaUri}}"}' };
    assert.deepEqual(startProvider('http://127.0.0.1:1', { ...RCS_SETTINGS, ...mms }).abilities, ['mms', 'rcs']);
    for (const settings of [
      { SMS_HTTP_MMS_PAYLOAD: '{"a": "{{fromNumber}} {{toNumber}} {{message}}"}' },
      { SMS_HTTP_RCS_PAYLOAD: '{"a": "{{toNumber}} {{rcs}}"}' },
      { SMS_HTTP_RCS_URL: 'https://user:secret@a.example/' },
    ]) {
      assert.equal(
        smsProviderConfig.safeParse({ ...ENVIRONMENT, SMS_HTTP_URL: 'http://127.0.0.1:1', ...settings }).success,
        false,
      );
    }
  });
});
