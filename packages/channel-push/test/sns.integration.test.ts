import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { PushMessage, SendResult } from '@outrigger/core';
import { type PeerBehaviour, providerConformance, USUAL_ANSWERS } from '@outrigger/testkit/provider-conformance';
import { type ScriptedReply, type ScriptedRequest, startScriptedServer } from '@outrigger/testkit/scripted-server';
import { actionOf, endpointCreated, published, readRequest, snsError } from '@outrigger/testkit/sns-wire';
import { buildApns, buildFcm, createPushProvider, pushProviderConfig } from '../src/index.ts';
import { SNS_CODES } from '../src/providers/sns/codes.ts';
import { FULL_MESSAGE, PLAIN_MESSAGE } from './sample.ts';

const APPLICATIONS = {
  'com.example.shop:apns': 'arn:aws:sns:eu-west-1:123456789012:app/APNS/shop',
  'com.example.shop:apnsSandbox': 'arn:aws:sns:eu-west-1:123456789012:app/APNS_SANDBOX/shop',
  'com.example.shop:fcm': 'arn:aws:sns:eu-west-1:123456789012:app/GCM/shop',
};
const ENDPOINT = 'arn:aws:sns:eu-west-1:123456789012:endpoint/GCM/shop/5e3e9847-3183-3f18-a7e8-671c3a57d4b3';

const REPLIES: Record<Exclude<PeerBehaviour, 'refuses-connection'>, ScriptedReply> = {
  accepts: published('sns-1'),
  throttles: snsError(429, 'Throttled'),
  'refuses-recipient': snsError(400, 'EndpointDisabled'),
  'refuses-content': snsError(400, 'InvalidParameter', 'Invalid parameter: Message Reason: too long'),
  'server-error': snsError(500, 'InternalError'),
  hangs: 'hang',
  resets: 'reset',
  garbage: { status: 200, body: 'yes!' },
};

type Answers = { create?: ScriptedReply; publish?: ScriptedReply | ((nth: number) => ScriptedReply) };

/** SNS with an answer for each of the two calls, and a provider that talks to it. */
async function start({ create = endpointCreated(ENDPOINT), publish = published('sns-1') }: Answers = {}) {
  const peer = await startScriptedServer((request) => {
    if (actionOf(request) === 'CreatePlatformEndpoint') return create;
    return typeof publish === 'function' ? publish(of('Publish').length) : publish;
  });
  const of = (action: string): ScriptedRequest[] => peer.requests.filter((request) => actionOf(request) === action);
  const config = pushProviderConfig.parse({
    PUSH_PROVIDER: 'sns',
    SNS_REGION: 'eu-west-1',
    SNS_ENDPOINT: peer.url,
    SNS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
    SNS_SECRET_ACCESS_KEY: 'secret',
    SNS_PUSH_APPLICATIONS: JSON.stringify(APPLICATIONS),
  });
  const provider = createPushProvider(config, { keep: () => Promise.reject(new Error('SNS keeps nothing')) });
  return { peer, provider, of };
}

async function sendTo(answers: Answers, messages: PushMessage[] = [PLAIN_MESSAGE], deadlineMs = 5_000) {
  const { peer, provider, of } = await start(answers);
  const results: SendResult[] = [];
  for (const message of messages) results.push(await provider.send(message, AbortSignal.timeout(deadlineMs)));
  await provider.close();
  await peer.close();
  return { result: results[0]!, results, created: of('CreatePlatformEndpoint'), published: of('Publish') };
}

providerConformance<PushMessage>({
  name: 'push sns',
  message: (messageId) => ({ ...PLAIN_MESSAGE, messageId }),
  start: async (behaviour) => {
    const { peer, provider, of } = await start({ publish: REPLIES[behaviour] });
    // Making an endpoint sends nothing, so what counts is Publish.
    return { provider, requests: () => of('Publish').length, stopPeer: peer.close };
  },
  expected: USUAL_ANSWERS,
});

describe('push sns: what is sent', () => {
  it('makes an endpoint for the token of the app and publishes to it', async () => {
    const { result, created, published } = await sendTo({});
    assert.deepEqual(result, { kind: 'accepted', providerMessageId: 'sns-1' });
    const endpoint = readRequest(created[0]!).fields;
    assert.equal(endpoint.get('PlatformApplicationArn'), APPLICATIONS['com.example.shop:fcm']);
    assert.equal(endpoint.get('Token'), 'token-1');
    assert.equal(readRequest(published[0]!).fields.get('TargetArn'), ENDPOINT);
  });

  it('speaks FCM HTTP v1 to Android', async () => {
    const message: PushMessage = { ...FULL_MESSAGE, platform: 'fcm' };
    const { fields, attributes } = readRequest((await sendTo({}, [message])).published[0]!);
    assert.equal(fields.get('MessageStructure'), 'json');
    const outer = JSON.parse(fields.get('Message') ?? '');
    assert.deepEqual(Object.keys(outer), ['default', 'GCM']);
    assert.deepEqual(JSON.parse(outer.GCM), { fcmV1Message: { message: buildFcm(message) } });
    assert.deepEqual(attributes, {});
  });

  for (const [platform, key] of [
    ['apns', 'APNS'],
    ['apnsSandbox', 'APNS_SANDBOX'],
  ] as const) {
    it(`speaks ${key} to iPhones, with its headers as attributes`, async () => {
      const message: PushMessage = { ...FULL_MESSAGE, platform };
      const sent = await sendTo({}, [message]);
      assert.equal(
        readRequest(sent.created[0]!).fields.get('PlatformApplicationArn'),
        APPLICATIONS[`com.example.shop:${platform}`],
      );
      const { fields, attributes } = readRequest(sent.published[0]!);
      const outer = JSON.parse(fields.get('Message') ?? '');
      assert.deepEqual(Object.keys(outer), ['default', key]);
      assert.deepEqual(JSON.parse(outer[key]), buildApns(message).payload);
      assert.deepEqual(attributes, {
        'AWS.SNS.MOBILE.APNS.PUSH_TYPE': 'alert',
        'AWS.SNS.MOBILE.APNS.PRIORITY': '10',
        'AWS.SNS.MOBILE.APNS.COLLAPSE_ID': 'order-17',
      });
    });
  }

  it('marks a silent push as background with priority 5', async () => {
    const message: PushMessage = { ...FULL_MESSAGE, pushType: 'silent' };
    const { attributes } = readRequest((await sendTo({}, [message])).published[0]!);
    assert.partialDeepStrictEqual(attributes, {
      'AWS.SNS.MOBILE.APNS.PUSH_TYPE': 'background',
      'AWS.SNS.MOBILE.APNS.PRIORITY': '5',
    });
  });
});

describe('push sns: endpoints', () => {
  it('makes an endpoint once for many messages to a phone, and one for each phone', async () => {
    const other = { ...PLAIN_MESSAGE, token: 'token-2' };
    const { created, published } = await sendTo({}, [PLAIN_MESSAGE, PLAIN_MESSAGE, other, PLAIN_MESSAGE]);
    assert.equal(created.length, 2);
    assert.equal(published.length, 4);
  });

  it('uses an endpoint that somebody else made with attributes of its own', async () => {
    const text = `Invalid parameter: Token Reason: Endpoint ${ENDPOINT} already exists with the same Token, but different attributes.`;
    const { result, published } = await sendTo({ create: snsError(400, 'InvalidParameter', text) });
    assert.equal(result.kind, 'accepted');
    assert.equal(readRequest(published[0]!).fields.get('TargetArn'), ENDPOINT);
  });

  it('makes a deleted endpoint anew on the next attempt', async () => {
    const gone = snsError(
      400,
      'InvalidParameter',
      'Invalid parameter: TargetArn Reason: No endpoint found for the target arn specified',
    );
    const answers = { publish: (nth: number) => (nth === 1 ? gone : published('sns-2')) };
    const { results, created } = await sendTo(answers, [PLAIN_MESSAGE, PLAIN_MESSAGE]);
    assert.partialDeepStrictEqual(results[0]!, { kind: 'refused', code: 'transient.refused' });
    assert.deepEqual(results[1], { kind: 'accepted', providerMessageId: 'sns-2' });
    assert.equal(created.length, 2);
  });

  const failures: [what: string, create: ScriptedReply, code: string][] = [
    ['SNS has an error of its own', snsError(500, 'InternalError'), 'transient.unavailable'],
    ['the connection is reset', 'reset', 'transient.unavailable'],
    ['the deadline passes', 'hang', 'transient.unavailable'],
    ['the answer has no ARN', endpointCreated(undefined), 'transient.unavailable'],
    ['the answer is unreadable', { status: 200, body: 'yes!' }, 'transient.unavailable'],
    ['SNS throttles', snsError(429, 'Throttled'), 'transient.throttled'],
    ['the application does not exist', snsError(404, 'NotFound'), 'transient.configuration'],
    ['the application is disabled', snsError(400, 'PlatformApplicationDisabled'), 'transient.configuration'],
    [
      'the token is malformed',
      snsError(400, 'InvalidParameter', 'Invalid parameter: Token Reason: iOS device tokens must be hexadecimal'),
      'permanent.recipient',
    ],
  ];
  for (const [what, create, code] of failures) {
    it(`is certain that nothing went out when, for an endpoint, ${what}`, async () => {
      const { result, published } = await sendTo({ create }, [PLAIN_MESSAGE], create === 'hang' ? 300 : 5_000);
      assert.partialDeepStrictEqual(result, { kind: 'refused', code });
      assert.equal(published.length, 0);
    });
  }

  it('waits for its owner when no application is configured for the app', async () => {
    const { result, created } = await sendTo({}, [{ ...PLAIN_MESSAGE, appId: 'com.example.new' }]);
    assert.partialDeepStrictEqual(result, { kind: 'refused', code: 'transient.configuration' });
    assert.equal(created.length, 0);
  });
});

describe('push sns: what an answer means', () => {
  for (const [code, expected] of Object.entries(SNS_CODES)) {
    it(`reads ${code} as ${expected}`, async () => {
      const { result, published } = await sendTo({ publish: snsError(400, code) });
      assert.equal(published.length, 1);
      assert.ok(result.kind !== 'accepted');
      assert.equal(result.code, expected);
      assert.equal(result.kind, expected.startsWith('ambiguous.') ? 'unknown' : 'refused');
      assert.equal(result.vendorCode, code);
    });
  }

  it('leaves the outcome open when the answer has no MessageId', async () => {
    const { result } = await sendTo({ publish: published(undefined) });
    assert.partialDeepStrictEqual(result, { kind: 'unknown', code: 'ambiguous.response' });
  });

  it('does not repeat the token', async () => {
    const publish = snsError(400, 'InvalidParameter', 'Invalid parameter: Token Reason: token-1 is not valid');
    const { result } = await sendTo({ publish });
    assert.partialDeepStrictEqual(result, {
      code: 'permanent.recipient',
      detail: 'Invalid parameter: Token Reason: [token] is not valid',
    });
  });
});
