import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { after, describe, it } from 'node:test';
import { Worker } from 'node:worker_threads';
import type { SendResult, SmsMessage } from '@outrigger/core';
import { type PeerBehaviour, providerConformance, USUAL_ANSWERS } from '@outrigger/testkit/provider-conformance';
import { type ScriptedReply, startScriptedServer } from '@outrigger/testkit/scripted-server';
import { published, readRequest, snsError } from '@outrigger/testkit/sns-wire';
import { createSmsProvider, smsProviderConfig } from '../src/index.ts';
import { SNS_CODES } from '../src/providers/sns/codes.ts';

const ENVIRONMENT = {
  SMS_PROVIDER: 'sns',
  SNS_REGION: 'eu-west-1',
  SNS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
  SNS_SECRET_ACCESS_KEY: 'secret',
};
const MESSAGE: SmsMessage = {
  messageId: 'm-1',
  to: '+4915112345678',
  from: 'Shop',
  text: 'Your order is on its way ✓',
  category: 'transactional',
};

const REPLIES: Record<Exclude<PeerBehaviour, 'refuses-connection'>, ScriptedReply> = {
  accepts: published('sns-1'),
  throttles: snsError(429, 'Throttled'),
  'refuses-recipient': snsError(400, 'OptedOut'),
  'refuses-content': snsError(400, 'InvalidParameter', 'Invalid parameter: Message too long'),
  'server-error': snsError(500, 'InternalError'),
  hangs: 'hang',
  resets: 'reset',
  garbage: { status: 200, body: 'yes!' },
};

function startProvider(endpoint: string, settings = {}) {
  const config = smsProviderConfig.parse({ ...ENVIRONMENT, SNS_ENDPOINT: endpoint, ...settings });
  return createSmsProvider(config, { keep: () => Promise.reject(new Error('SNS keeps nothing')) });
}

async function sendOnce(reply: ScriptedReply, message = MESSAGE) {
  const peer = await startScriptedServer(() => reply);
  const provider = startProvider(peer.url);
  const result = await provider.send(message, AbortSignal.timeout(5_000));
  await provider.close();
  await peer.close();
  return { result, requests: peer.requests };
}

providerConformance<SmsMessage>({
  name: 'sms sns',
  message: (messageId) => ({ ...MESSAGE, messageId }),
  start: async (behaviour) => {
    const peer = await startScriptedServer(() => REPLIES[behaviour]);
    return { provider: startProvider(peer.url), requests: () => peer.requests.length, stopPeer: peer.close };
  },
  expected: USUAL_ANSWERS,
});

describe('sms sns: what is sent', () => {
  it('publishes the text to the number under the name of the shop', async () => {
    const { result, requests } = await sendOnce(published('sns-9'));
    assert.deepEqual(result, { kind: 'accepted', providerMessageId: 'sns-9' });
    const { fields, attributes } = readRequest(requests[0]!);
    assert.equal(fields.get('Action'), 'Publish');
    assert.equal(fields.get('PhoneNumber'), '+4915112345678');
    assert.equal(fields.get('Message'), 'Your order is on its way ✓');
    assert.deepEqual(attributes, { 'AWS.SNS.SMS.SMSType': 'Transactional', 'AWS.SNS.SMS.SenderID': 'Shop' });
  });

  it('signs for the configured region and key', async () => {
    const { requests } = await sendOnce(published('sns-9'));
    assert.match(
      requests[0]!.headers.authorization ?? '',
      /Credential=AKIDEXAMPLE\/\d{8}\/eu-west-1\/sns\/aws4_request/,
    );
  });

  for (const [from, number] of [
    ['+12065550100', '+12065550100'],
    ['+1 (206) 555-0100', '+12065550100'],
    ['72345', '72345'],
  ] as const) {
    it(`takes the sender ${from} for a number of ours`, async () => {
      const { requests } = await sendOnce(published('sns-9'), { ...MESSAGE, from, category: 'marketing' });
      assert.deepEqual(readRequest(requests[0]!).attributes, {
        'AWS.SNS.SMS.SMSType': 'Promotional',
        'AWS.MM.SMS.OriginationNumber': number,
      });
    });
  }
});

describe('sms sns: what an answer means', () => {
  for (const [code, expected] of Object.entries(SNS_CODES)) {
    it(`reads ${code} as ${expected}`, async () => {
      const { result, requests } = await sendOnce(snsError(400, code));
      assert.equal(requests.length, 1);
      assert.ok(result.kind !== 'accepted');
      assert.equal(result.code, expected);
      assert.equal(result.kind, expected.startsWith('ambiguous.') ? 'unknown' : 'refused');
      assert.equal(result.vendorCode, code);
    });
  }

  const answers: [ScriptedReply, Partial<Exclude<SendResult, { kind: 'accepted' }>>][] = [
    [published(undefined), { kind: 'unknown', code: 'ambiguous.response', vendorCode: 'no_message_id' }],
    [
      { status: 200, body: '<PublishResponse><Pub' },
      { code: 'ambiguous.response', vendorCode: 'HTTP 200' },
    ],
    [
      { status: 502, body: '<html>bad gateway</html>' },
      { code: 'ambiguous.response', vendorCode: 'HTTP 502' },
    ],
    [{ status: 504 }, { kind: 'unknown', code: 'ambiguous.response' }],
    [snsError(503, 'Throttling'), { kind: 'refused', code: 'transient.throttled' }],
    [snsError(429, 'Throttled', 'Slow down', '7'), { code: 'transient.throttled', retryAfterMs: 7_000 }],
    [
      { status: 429, body: '{}' },
      { kind: 'refused', code: 'transient.throttled' },
    ],
    [
      { status: 403, body: '<html>blocked</html>' },
      { kind: 'refused', code: 'transient.configuration' },
    ],
    [
      { status: 302, headers: { location: 'http://127.0.0.1:1/' } },
      { kind: 'refused', code: 'transient.refused' },
    ],
    [snsError(400, 'BrandNewError'), { kind: 'refused', code: 'transient.refused', vendorCode: 'BrandNewError' }],
    [snsError(400, 'toString'), { kind: 'refused', code: 'transient.refused', vendorCode: 'toString' }],
    [
      snsError(
        400,
        'InvalidParameter',
        'Invalid parameter: PhoneNumber Reason: +4915112345678 is not valid to publish to',
      ),
      {
        kind: 'refused',
        code: 'permanent.recipient',
        detail: 'Invalid parameter: PhoneNumber Reason: [number] is not valid to publish to',
      },
    ],
    [
      snsError(400, 'InvalidParameter', 'Invalid parameter: AWS.SNS.SMS.SenderID Reason: not allowed'),
      { kind: 'refused', code: 'transient.configuration' },
    ],
  ];
  for (const [reply, expected] of answers) {
    it(`reads ${JSON.stringify(reply).slice(0, 90)} as ${expected.code}`, async () => {
      const { result, requests } = await sendOnce(reply);
      assert.equal(requests.length, 1);
      assert.partialDeepStrictEqual(result, expected);
    });
  }
});

describe('sms sns: what a broken connection means', () => {
  const sockets = new Set<Socket>();
  after(() => {
    for (const socket of sockets) socket.destroy();
  });
  async function listen(onSocket: (socket: Socket) => void): Promise<number> {
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => {});
      onSocket(socket);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    after(() => server.close());
    return (server.address() as { port: number }).port;
  }
  /** A listener that never accepts, with its backlog full: the kernel drops what else knocks. */
  async function listenDeaf(): Promise<number> {
    const deaf = new Worker(
      `const { parentPort } = require('node:worker_threads');
       const server = require('node:net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
         parentPort.postMessage(server.address().port);
         Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
       });`,
      { eval: true },
    );
    after(() => deaf.terminate());
    const [port] = (await once(deaf, 'message')) as [number];
    for (let n = 0; n < 4; n += 1) sockets.add(connect(port, '127.0.0.1').on('error', () => {}));
    return port;
  }
  async function sendTo(endpoint: string, settings = {}, deadlineMs = 5_000) {
    const provider = startProvider(endpoint, settings);
    const result = await provider.send(MESSAGE, AbortSignal.timeout(deadlineMs));
    await provider.close();
    return result;
  }

  it('is certain when the TLS handshake is cut short', async () => {
    const port = await listen((socket) => socket.destroy());
    assert.partialDeepStrictEqual(await sendTo(`https://127.0.0.1:${port}`), {
      kind: 'refused',
      code: 'transient.unavailable',
    });
  });

  it('is certain when the peer does not speak TLS', async () => {
    const port = await listen((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    assert.partialDeepStrictEqual(await sendTo(`https://127.0.0.1:${port}`), {
      kind: 'refused',
      code: 'transient.unavailable',
    });
  });

  it('is certain when no connection comes about in time', async () => {
    const port = await listenDeaf();
    const result = await sendTo(`http://127.0.0.1:${port}`, { SNS_CONNECT_TIMEOUT_MS: 300 });
    assert.partialDeepStrictEqual(result, { kind: 'refused', code: 'transient.unavailable' });
  });

  it('is unknown when the peer closes after it was connected', async () => {
    const port = await listen((socket) => socket.once('data', () => socket.end()));
    assert.partialDeepStrictEqual(await sendTo(`http://127.0.0.1:${port}`), {
      kind: 'unknown',
      code: 'ambiguous.connection_lost',
    });
  });

  it('is unknown when the peer answers something that is not HTTP', async () => {
    const port = await listen((socket) => socket.once('data', () => socket.end('rubbish\r\n\r\n')));
    assert.partialDeepStrictEqual(await sendTo(`http://127.0.0.1:${port}`), {
      kind: 'unknown',
      code: 'ambiguous.response',
    });
  });

  it('gives up an answer that stops in the middle when the deadline passes', async () => {
    const port = await listen((socket) =>
      socket.once('data', () => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 90\r\n\r\n<Pub')),
    );
    assert.partialDeepStrictEqual(await sendTo(`http://127.0.0.1:${port}`, {}, 300), {
      kind: 'unknown',
      code: 'ambiguous.timeout',
    });
  });

  it('gives up a silent peer by itself when no deadline comes', async () => {
    const port = await listen(() => {});
    const result = await sendTo(`http://127.0.0.1:${port}`, { SNS_CONNECT_TIMEOUT_MS: 100, SNS_TIMEOUT_MS: 200 });
    assert.partialDeepStrictEqual(result, {
      kind: 'unknown',
      code: 'ambiguous.timeout',
      vendorCode: 'UND_ERR_HEADERS_TIMEOUT',
    });
  });
});
