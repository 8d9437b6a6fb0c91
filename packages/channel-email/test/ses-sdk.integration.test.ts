import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SESv2Client, SESv2ServiceException, SendEmailCommand } from '@aws-sdk/client-sesv2';
import { type ScriptedReply, type ScriptedRequest, startScriptedServer } from '@outrigger/testkit/scripted-server';
import { readError } from '../src/providers/ses/answer.ts';
import { SES_CODES } from '../src/providers/ses/codes.ts';
import { rawRequest, SES_MESSAGE_TAG } from '../src/providers/ses/request.ts';
import { sampleEmail } from './sample.ts';

/** The AWS SDK is not in the way of a message any more; it stays as the word of what SES expects and says. */
describe('ses held against the AWS SDK', () => {
  it('sends what the SDK sends', async () => {
    const message = sampleEmail('m-1');
    const raw = Buffer.from('any bytes: \u0000 ü 🚚 +/=');
    const { request } = await throughSdk({ status: 200, body: '{"MessageId":"1"}' }, raw);
    assert.deepEqual([request.method, request.path], ['POST', '/v2/email/outbound-emails']);
    assert.equal(request.headers['content-type'], 'application/json');
    assert.deepEqual(JSON.parse(rawRequest(message, raw, 'events').toString()), JSON.parse(request.body.toString()));
  });

  for (const name of Object.keys(SES_CODES)) {
    for (const place of ['header', '__type', 'code'] as const) {
      it(`reads ${name} from the ${place} as the SDK does`, async () => {
        const reply = errorIn(place, name);
        const { error } = await throughSdk(reply, Buffer.from('x'));
        assert.ok(error instanceof SESv2ServiceException, String(error));
        const ours = readError({ status: 400, headers: reply.headers, body: reply.body });
        assert.deepEqual(ours, { name: error.name, message: error.message });
      });
    }
  }
});

function errorIn(place: 'header' | '__type' | 'code', name: string) {
  const type = { 'content-type': 'application/json' };
  const message = 'Not this time.';
  if (place === 'header') {
    const headers = { ...type, 'x-amzn-errortype': `${name}:http://internal.amazon.com/coral/com.amazon.ses/` };
    return { status: 400, headers, body: JSON.stringify({ message }) };
  }
  return { status: 400, headers: type, body: JSON.stringify({ [place]: `com.amazonaws.ses.v2#${name}`, message }) };
}

async function throughSdk(reply: ScriptedReply, raw: Buffer): Promise<{ request: ScriptedRequest; error: unknown }> {
  const peer = await startScriptedServer(() => reply);
  const client = new SESv2Client({
    region: 'eu-central-1',
    endpoint: peer.url,
    credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'not-a-secret' },
    maxAttempts: 1,
  });
  const message = sampleEmail('m-1');
  const command = new SendEmailCommand({
    FromEmailAddress: message.from.address,
    Destination: { ToAddresses: [message.to] },
    Content: { Raw: { Data: raw } },
    EmailTags: [{ Name: SES_MESSAGE_TAG, Value: message.messageId }],
    ConfigurationSetName: 'events',
  });
  const error: unknown = await client.send(command).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  client.destroy();
  await peer.close();
  return { request: peer.requests[0]!, error };
}
