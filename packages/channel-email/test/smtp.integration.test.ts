import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import type { EmailMessage, SendResult } from '@outrigger/core';
import { type PlayedBehaviour, providerConformance, USUAL_ANSWERS } from '@outrigger/testkit/provider-conformance';
import PostalMime from 'postal-mime';
import { SMTPServer } from 'smtp-server';
import { smtpConfig } from '../src/providers/smtp/config.ts';
import { createSmtpProvider } from '../src/providers/smtp/send.ts';
import { sampleEmail } from './sample.ts';
import { type SmtpScript, startScriptedSmtpServer } from './scripted-smtp.ts';

const SCRIPTS: Record<PlayedBehaviour, SmtpScript> = {
  accepts: {},
  throttles: { message: '454 4.7.0 Throttling failure: Maximum sending rate exceeded.' },
  'refuses-recipient': { rcpt: '550 5.1.1 no such user' },
  'refuses-content': { message: '554 5.7.1 looks like spam' },
  'server-error': { message: '451 4.3.0 local error in processing' },
  hangs: { message: 'hang' },
  resets: { message: 'reset' },
  garbage: { message: 'It works!' },
};

providerConformance<EmailMessage>({
  name: 'smtp',
  message: (messageId) => sampleEmail(messageId),
  start: (behaviour) => startSmtp(SCRIPTS[behaviour]),
  // SMTP tells its own errors apart from acceptance: a 4yz reply to the message means that it was not taken.
  expected: { ...USUAL_ANSWERS, 'server-error': { kind: 'refused', code: 'transient.refused' } },
});

describe('smtp', () => {
  const answers: [string, SmtpScript, string, string][] = [
    ['a server that never greets', { greeting: 'hang' }, 'transient.unavailable', 'ETIMEDOUT'],
    ['a server that closes before greeting', { greeting: 'close' }, 'transient.unavailable', 'ECONNECTION'],
    ['a server that is too busy to greet', { greeting: '421 4.3.2 later' }, 'transient.throttled', '421 4.3.2'],
    ['a server that wants nothing from us', { greeting: '554 no service' }, 'transient.configuration', '554'],
    ['a refused sender', { mail: '550 5.1.8 bad sender' }, 'transient.configuration', '550 5.1.8'],
    ['a refused sender without enhanced code', { mail: '553 no' }, 'transient.configuration', '553'],
    ['a message announced as too large', { mail: '552 5.3.4 too big' }, 'permanent.content', '552 5.3.4'],
    ['a recipient refused for now', { rcpt: '450 4.2.1 greylisted' }, 'transient.refused', '450 4.2.1'],
    ['a recipient refused without enhanced code', { rcpt: '550 unknown user' }, 'permanent.recipient', '550'],
    ['a hang at RCPT TO', { rcpt: 'hang' }, 'transient.unavailable', 'ETIMEDOUT'],
    ['a reset at RCPT TO', { rcpt: 'reset' }, 'transient.unavailable', 'ECONNRESET'],
    ['nonsense at RCPT TO', { rcpt: 'hello?' }, 'transient.unavailable', 'EENVELOPE'],
    ['a refused DATA', { data: '451 4.3.0 disk full' }, 'transient.refused', '451 4.3.0'],
    ['a refusal after the message', { message: '552 5.6.0 bad mime' }, 'permanent.content', '552 5.6.0'],
    ['a 421 after the message', { message: '421 4.7.0 slow down' }, 'transient.throttled', '421 4.7.0'],
    [
      'a spent quota',
      { message: '454 Throttling failure: Daily message quota exceeded.' },
      'transient.configuration',
      '454',
    ],
    ['silence after the message', { message: 'hang' }, 'ambiguous.timeout', 'ETIMEDOUT'],
    ['a close after the message', { message: 'close' }, 'ambiguous.connection_lost', 'ECONNECTION'],
  ];
  for (const [name, script, code, vendorCode] of answers) {
    it(`takes ${name} for ${code}`, async () => {
      const { provider, requests, connections, stopPeer } = await startSmtp(script, { SMTP_TIMEOUT_MS: '300' });
      const result = await provider.send(sampleEmail('m-1'), AbortSignal.timeout(5_000));
      await provider.close();
      await stopPeer();
      assert.deepEqual(shown(result), [code, vendorCode], JSON.stringify(result));
      assert.ok(requests() <= 1, 'transactions that reached the peer');
      assert.equal(connections(), 1);
    });
  }

  it('is in doubt about a message whose transfer broke off', async () => {
    const { provider, requests, stopPeer } = await startSmtp({ part: 'reset' });
    const result = await provider.send(sampleEmail('m-1'), AbortSignal.timeout(5_000));
    await provider.close();
    await stopPeer();
    assert.deepEqual(shown(result), ['ambiguous.connection_lost', 'ECONNRESET']);
    assert.equal(requests(), 1);
  });

  for (const [response, id] of [
    ['250 2.0.0 Ok: queued as 4XyZ17', '4XyZ17'],
    ['250 OK id=1tABCD-0000-Xy', '1tABCD-0000-Xy'],
    ['250 Ok 0100018b5c3c0a4f-1111-000000', '0100018b5c3c0a4f-1111-000000'],
    ['250 2.0.0 OK <17@host.prod.outlook.com> [Hostname=x]', '17@host.prod.outlook.com'],
    ['250 accepted', 'm-1@example.org'],
  ] as const) {
    it(`keeps ${id} as the id of a message answered with "${response}"`, async () => {
      const { provider, stopPeer } = await startSmtp({ message: response });
      const result = await provider.send(sampleEmail('m-1'), AbortSignal.timeout(5_000));
      await provider.close();
      await stopPeer();
      assert.deepEqual(result, { kind: 'accepted', providerMessageId: id });
    });
  }

  it('is certain of a message that waited for a connection until its deadline', async () => {
    const { provider, requests, stopPeer } = await startSmtp({ message: 'hang' }, { SMTP_MAX_CONNECTIONS: '1' });
    const first = provider.send(sampleEmail('m-1'), AbortSignal.timeout(400));
    const second = provider.send(sampleEmail('m-2'), AbortSignal.timeout(200));
    assert.deepEqual(shown(await second), ['transient.unavailable', 'EABORT']);
    assert.deepEqual(shown(await first), ['ambiguous.timeout', 'aborted']);
    await provider.close();
    await stopPeer();
    assert.equal(requests(), 1);
  });

  it('does not try again by itself when the server drops a connection that served before', async () => {
    const { provider, requests, stopPeer } = await startSmtp({ mail: (nth) => (nth === 2 ? 'close' : '250 ok') });
    assert.equal((await provider.send(sampleEmail('m-1'), AbortSignal.timeout(5_000))).kind, 'accepted');
    const result = await provider.send(sampleEmail('m-2'), AbortSignal.timeout(5_000));
    assert.equal(shown(result)[0], 'transient.unavailable', JSON.stringify(result));
    assert.equal(requests(), 2);
    assert.equal((await provider.send(sampleEmail('m-3'), AbortSignal.timeout(5_000))).kind, 'accepted');
    await provider.close();
    await stopPeer();
  });

  it('takes a refused login for a matter of configuration', async () => {
    const login = { SMTP_USER: 'ada', SMTP_PASSWORD: 'wrong' };
    const { provider, requests, stopPeer } = await startSmtp({ auth: '535 5.7.8 no' }, login);
    const result = await provider.send(sampleEmail('m-1'), AbortSignal.timeout(5_000));
    await provider.close();
    await stopPeer();
    assert.deepEqual(shown(result), ['transient.configuration', '535 5.7.8']);
    assert.equal(requests(), 0);
  });

  it('refuses to go on in plain text when STARTTLS is asked for and not offered', async () => {
    const { provider, requests, stopPeer } = await startSmtp({}, { SMTP_TLS: 'starttls' });
    const result = await provider.send(sampleEmail('m-1'), AbortSignal.timeout(5_000));
    await provider.close();
    await stopPeer();
    assert.equal(result.kind, 'refused', JSON.stringify(result));
    assert.equal(requests(), 0);
  });

  it('answers sends after it was closed', async () => {
    const { provider, stopPeer } = await startSmtp({});
    await provider.close();
    const result = await provider.send(sampleEmail('m-1'), AbortSignal.timeout(5_000));
    await stopPeer();
    assert.equal(shown(result)[0], 'transient.unavailable');
  });

  it('is accepted by an SMTP server that others wrote, byte for byte, for one recipient', async () => {
    const received: { from: string; to: string[]; raw: Buffer }[] = [];
    const server = new SMTPServer({
      logger: false,
      disabledCommands: ['STARTTLS', 'AUTH'],
      onData(stream, session, done) {
        const chunks: Buffer[] = [];
        stream.on('data', (chunk: Buffer) => chunks.push(chunk));
        stream.on('end', () => {
          const { mailFrom, rcptTo } = session.envelope;
          const from = mailFrom ? mailFrom.address : '';
          received.push({ from, to: rcptTo.map((one) => one.address), raw: Buffer.concat(chunks) });
          done(null, 'Ok: queued as Q12345');
        });
      },
    });
    server.listen(0, '127.0.0.1');
    await once(server.server, 'listening');
    const provider = createSmtpProvider(config((server.server.address() as AddressInfo).port));
    const messages = ['m-1', 'm-2', 'm-3'].map((id) => sampleEmail(id, `${id}@example.com`));
    const results = await Promise.all(messages.map((message) => provider.send(message, AbortSignal.timeout(5_000))));
    await provider.close();
    await new Promise<void>((resolve) => {
      server.close(resolve);
    });
    for (const result of results) assert.deepEqual(result, { kind: 'accepted', providerMessageId: 'Q12345' });
    assert.equal(received.length, messages.length);
    for (const { from, to, raw } of received) {
      const message = messages.find((one) => one.to === to[0]);
      assert.ok(message);
      assert.deepEqual({ from, to }, { from: message.from.address, to: [message.to] });
      const parsed = await PostalMime.parse(raw);
      assert.equal(parsed.subject, message.subject);
      assert.deepEqual(parsed.to, [{ address: message.to, name: '' }]);
      assert.deepEqual(parsed.from, message.from);
      assert.equal(parsed.html?.trimEnd(), message.html);
      assert.equal(parsed.text?.trimEnd(), message.text?.trimEnd());
    }
  });
});

function shown(result: SendResult): [string, string] {
  return result.kind === 'accepted' ? ['accepted', ''] : [result.code, result.vendorCode];
}

async function startSmtp(script: SmtpScript, env: Record<string, string> = {}) {
  const peer = await startScriptedSmtpServer(script);
  const provider = createSmtpProvider(config(peer.port, env));
  return { provider, requests: peer.transactions, connections: peer.connections, stopPeer: peer.close };
}

function config(port: number, env: Record<string, string> = {}) {
  return smtpConfig.parse({
    EMAIL_PROVIDER: 'smtp',
    SMTP_HOST: '127.0.0.1',
    SMTP_PORT: String(port),
    SMTP_TLS: 'none',
    ...env,
  });
}
