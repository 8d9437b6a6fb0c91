import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { EmailMessage } from '@outrigger/core';
import { type PlayedBehaviour, providerConformance, USUAL_ANSWERS } from '@outrigger/testkit/provider-conformance';
import { type ScriptedReply, startScriptedServer } from '@outrigger/testkit/scripted-server';
import sesEmulator from 'aws-ses-v2-local';
import PostalMime from 'postal-mime';
import { sesConfig } from '../src/providers/ses/config.ts';
import { createSesProvider } from '../src/providers/ses/send.ts';
import { sampleEmail } from './sample.ts';

const RECIPIENT = 'ada@example.com';
const XML = { 'content-type': 'text/xml' };
const JSON_TYPE = { 'content-type': 'application/json' };

const REPLIES: Record<PlayedBehaviour, ScriptedReply> = {
  accepts: sesAnswer({ MessageId: '0100018b-1' }),
  throttles: sesError(429, 'TooManyRequestsException', 'Maximum sending rate exceeded.'),
  'refuses-recipient': sesError(
    400,
    'MessageRejected',
    `Email address is not verified. The following identities failed the check in region EU-CENTRAL-1: ${RECIPIENT}`,
  ),
  'refuses-content': sesError(400, 'MessageRejected', 'Message contains a virus'),
  'server-error': sesError(500, 'InternalServiceErrorException', 'The request processing has failed.'),
  hangs: 'hang',
  resets: 'reset',
  garbage: { status: 200, headers: JSON_TYPE, body: '{"MessageId":"0100' },
};

providerConformance<EmailMessage>({
  name: 'ses',
  message: (messageId) => sampleEmail(messageId, RECIPIENT),
  start: async (behaviour) => startSes(REPLIES[behaviour]),
  expected: USUAL_ANSWERS,
});

describe('ses', () => {
  it('hands over sender, recipient, raw message, tag and configuration set', async () => {
    const { provider, peer, close } = await startSes(REPLIES.accepts);
    const message = sampleEmail('m-1');
    const result = await provider.send(message, AbortSignal.timeout(5_000));
    await close();
    assert.deepEqual(result, { kind: 'accepted', providerMessageId: '0100018b-1' });
    const request = peer.requests[0]!;
    assert.deepEqual([request.method, request.path], ['POST', '/v2/email/outbound-emails']);
    const { Content, ...fields } = JSON.parse(request.body.toString());
    assert.deepEqual(fields, {
      FromEmailAddress: 'shop@example.org',
      Destination: { ToAddresses: [RECIPIENT] },
      EmailTags: [{ Name: 'outrigger_message_id', Value: 'm-1' }],
      ConfigurationSetName: 'events',
    });
    const data: unknown = Content.Raw.Data;
    const parsed = await PostalMime.parse(Buffer.from(String(data), 'base64'));
    assert.equal(parsed.subject, message.subject);
    assert.equal(parsed.messageId, '<m-1@example.org>');
    assert.match(peer.requests[0]?.headers.authorization ?? '', /Credential=AKIDEXAMPLE\/\d{8}\/eu-central-1\/ses\//);
  });

  const answers: [ScriptedReply, string, string][] = [
    [sesAnswer({}), 'ambiguous.response', 'no_message_id'],
    [sesAnswer({ MessageId: '' }), 'ambiguous.response', 'no_message_id'],
    [sesAnswer({ MessageId: 17 }), 'ambiguous.response', 'no_message_id'],
    [{ status: 200, headers: JSON_TYPE, body: '' }, 'ambiguous.response', 'HTTP 200'],
    [{ status: 200, headers: JSON_TYPE, body: '["0100018b-1"]' }, 'ambiguous.response', 'HTTP 200'],
    [{ status: 204 }, 'ambiguous.response', 'HTTP 204'],
    [sesError(400, 'Throttling', 'Daily message quota exceeded.'), 'transient.configuration', 'Throttling'],
    [sesError(400, 'AccountSendingPausedException', 'x'), 'transient.configuration', 'AccountSendingPausedException'],
    [
      sesError(400, 'MailFromDomainNotVerifiedException', 'x'),
      'transient.configuration',
      'MailFromDomainNotVerifiedException',
    ],
    [
      sesError(
        400,
        'MessageRejected',
        'Email address is not verified. The following identities failed: shop@example.org',
      ),
      'transient.configuration',
      'MessageRejected',
    ],
    [sesError(403, 'SignatureDoesNotMatch', 'x'), 'transient.configuration', 'SignatureDoesNotMatch'],
    [sesError(400, 'InvalidParameterValue', 'Duplicate header'), 'permanent.content', 'InvalidParameterValue'],
    [sesError(503, 'ServiceUnavailable', 'x'), 'ambiguous.response', 'ServiceUnavailable'],
    [{ status: 502, body: '<html>Bad gateway</html>' }, 'ambiguous.response', 'HTTP 502'],
    [{ status: 404, body: 'not found' }, 'transient.configuration', 'HTTP 404'],
    [{ status: 429, body: '' }, 'transient.throttled', 'HTTP 429'],
    [sesError(400, 'SomethingNew', 'x'), 'permanent.content', 'HTTP 400'],
  ];
  for (const [reply, code, vendorCode] of answers) {
    it(`takes ${describeReply(reply)} for ${code}`, async () => {
      const { provider, requests, close } = await startSes(reply);
      const result = await provider.send(sampleEmail('m-1'), AbortSignal.timeout(5_000));
      await close();
      assert.equal('code' in result && result.code, code, JSON.stringify(result));
      assert.ok('vendorCode' in result && result.vendorCode.startsWith(vendorCode), JSON.stringify(result));
      assert.equal(requests(), 1);
    });
  }

  it('passes on how long to wait', async () => {
    const throttle = sesError(400, 'Throttling', 'Maximum sending rate exceeded.', { 'retry-after': '7' });
    const { provider, close } = await startSes(throttle);
    const result = await provider.send(sampleEmail('m-1'), AbortSignal.timeout(5_000));
    await close();
    assert.equal(result.kind === 'refused' && result.retryAfterMs, 7_000, JSON.stringify(result));
  });

  it("reads the account's sending rate, and says when it cannot", { timeout: 5_000 }, async () => {
    const quota = (rate: string): ScriptedReply => ({
      status: 200,
      headers: XML,
      body:
        '<GetSendQuotaResponse xmlns="http://ses.amazonaws.com/doc/2010-12-01/"><GetSendQuotaResult>' +
        `<Max24HourSend>50000.0</Max24HourSend>${rate}<SentLast24Hours>1.0</SentLast24Hours>` +
        '</GetSendQuotaResult></GetSendQuotaResponse>',
    });
    const told = await startSes(quota('<MaxSendRate>14.0</MaxSendRate>'));
    assert.equal(await told.provider.readRate?.(), 14);
    assert.match(told.peer.requests[0]?.body.toString() ?? '', /Action=GetSendQuota/);
    await told.close();
    const untold = await startSes(quota(''));
    assert.equal(await untold.provider.readRate?.(), undefined);
    await untold.close();
    const denied = await startSes(queryError(403, 'AccessDenied'));
    await assert.rejects(async () => denied.provider.readRate?.(), { name: 'AccessDenied' });
    await denied.close();
  });

  it('gives up by its own timeout when the caller sets no deadline', { timeout: 5_000 }, async () => {
    const { provider, requests, close } = await startSes('hang', {
      SES_TIMEOUT_MS: '300',
      SES_CONNECT_TIMEOUT_MS: '200',
    });
    const result = await provider.send(sampleEmail('m-1'), new AbortController().signal);
    await close();
    assert.equal('code' in result && result.code, 'ambiguous.timeout', JSON.stringify(result));
    assert.equal(requests(), 1);
  });

  it('is certain that nothing went out when the TLS handshake fails', async () => {
    const peer = await startScriptedServer(() => 'hang');
    const provider = createSesProvider(config(peer.url.replace('http:', 'https:')));
    const result = await provider.send(sampleEmail('m-1'), AbortSignal.timeout(5_000));
    await provider.close();
    await peer.close();
    assert.equal('code' in result && result.code, 'transient.unavailable', JSON.stringify(result));
  });

  it('is accepted by an SES emulator that others wrote, which reads what was sent', async () => {
    const emulator = await sesEmulator.default({ host: '127.0.0.1', port: 0 });
    const address = emulator.address();
    const url = typeof address === 'object' && address ? `http://127.0.0.1:${address.port}` : '';
    const provider = createSesProvider(config(url));
    const message = sampleEmail('m-emulator');
    const result = await provider.send(message, AbortSignal.timeout(5_000));
    const store: unknown = await (await fetch(`${url}/store`)).json();
    await provider.close();
    await new Promise((resolve) => {
      emulator.close(resolve);
      emulator.closeAllConnections();
    });
    assert.equal(result.kind, 'accepted', JSON.stringify(result));
    const [email, ...others] = (store as { emails: Record<string, unknown>[] }).emails;
    assert.equal(others.length, 0);
    assert.equal(email?.subject, message.subject);
    assert.equal(email?.from, '"Müller & Söhne, Läden" <shop@example.org>');
    assert.deepEqual(email?.replyTo, ['"Service "24/7"" <service@example.org>']);
    assert.deepEqual(email?.destination, { to: [RECIPIENT], cc: [], bcc: [] });
    assert.deepEqual(email?.body, { text: message.text, html: message.html });
  });
});

async function startSes(reply: ScriptedReply, env: Record<string, string> = {}) {
  const peer = await startScriptedServer(() => reply);
  const provider = createSesProvider(config(peer.url, env));
  const close = async () => {
    await provider.close();
    await peer.close();
  };
  return { provider, peer, close, requests: () => peer.requests.length, stopPeer: peer.close };
}

function config(endpoint: string, env: Record<string, string> = {}) {
  return sesConfig.parse({
    EMAIL_PROVIDER: 'ses',
    SES_REGION: 'eu-central-1',
    SES_ENDPOINT: endpoint,
    SES_ACCESS_KEY_ID: 'AKIDEXAMPLE',
    SES_SECRET_ACCESS_KEY: 'not-a-secret',
    SES_CONFIGURATION_SET: 'events',
    ...env,
  });
}

function sesAnswer(result: object): ScriptedReply {
  return { status: 200, headers: JSON_TYPE, body: JSON.stringify(result) };
}

function sesError(status: number, name: string, text: string, headers: Record<string, string> = {}): ScriptedReply {
  const type = { 'x-amzn-errortype': `${name}:http://internal.amazon.com/coral/com.amazonaws.ses/` };
  return { status, headers: { ...JSON_TYPE, ...type, ...headers }, body: JSON.stringify({ message: text }) };
}

function queryError(status: number, name: string): ScriptedReply {
  const body =
    '<ErrorResponse xmlns="http://ses.amazonaws.com/doc/2010-12-01/"><Error><Type>Sender</Type>' +
    `<Code>${name}</Code><Message>not allowed</Message></Error><RequestId>r-1</RequestId></ErrorResponse>`;
  return { status, headers: XML, body };
}

function describeReply(reply: ScriptedReply): string {
  if (typeof reply === 'string') return reply;
  const text = String(reply.body ?? '')
    .replace(/<[^>]*>/g, ' ')
    .trim();
  return `${reply.status} "${text.slice(0, 60)}"`;
}
