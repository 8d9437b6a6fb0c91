import { callSns, createSnsClient, messageAttributes, type SnsClient } from '@outrigger/aws-sns';
import { answerWith, NOT_BEGUN, type Provider, type PushMessage, type SendResult } from '@outrigger/core';
import { buildApns } from '../../payload/apns.ts';
import { buildFcm } from '../../payload/fcm.ts';
import { applicationFor, SNS_PLATFORMS } from './applications.ts';
import { SNS_TABLES } from './codes.ts';
import type { SnsConfig } from './config.ts';
import { createSnsEndpoints, type SnsEndpoints } from './endpoints.ts';

/** Amazon SNS mobile push, API of 2010-03-31: an endpoint for the token, then Publish to it. */
export function createSnsProvider(config: SnsConfig): Provider<PushMessage> {
  const client = createSnsClient(config);
  const endpoints = createSnsEndpoints(client);
  return {
    name: 'sns',
    async send(message, signal) {
      if (signal.aborted) return NOT_BEGUN;
      const applicationArn = applicationFor(config.SNS_PUSH_APPLICATIONS, message.appId, message.platform);
      if (applicationArn === undefined) {
        const detail = `SNS_PUSH_APPLICATIONS has no ${message.appId}:${message.platform}.`;
        return answerWith('transient.configuration', 'no_platform_application', { detail });
      }
      return withoutToken(await send({ client, endpoints, applicationArn }, message, signal), message.token);
    },
    close: () => client.close(),
  };
}

type Sns = { client: SnsClient; endpoints: SnsEndpoints; applicationArn: string };

async function send(sns: Sns, message: PushMessage, signal: AbortSignal): Promise<SendResult> {
  const endpoint = await sns.endpoints.endpointOf(sns.applicationArn, message.token, signal);
  if ('failure' in endpoint) return endpoint.failure;
  if (signal.aborted) return NOT_BEGUN;
  const call = { action: 'Publish', fields: publishFields(message, endpoint.arn) } as const;
  const answer = await callSns(sns.client, call, 'MessageId', signal, SNS_TABLES);
  if ('value' in answer) return { kind: 'accepted', providerMessageId: answer.value };
  const { failure } = answer;
  // Refused for good, deleted, disabled: what we remember of the endpoint may be out of date.
  if (failure.kind === 'refused' && /\.(recipient|refused)$/.test(failure.code)) {
    sns.endpoints.forget(sns.applicationArn, message.token);
  }
  return failure;
}

/**
 * https://docs.aws.amazon.com/sns/latest/dg/sns-send-custom-platform-specific-payloads-mobile-devices.html: one JSON
 * object whose members are JSON in text again. `default` must be there and is used by no phone.
 */
function publishFields(message: PushMessage, endpointArn: string): Record<string, string> {
  const { payload, attributes = {} } = message.platform === 'fcm' ? fcmParts(message) : apnsParts(message);
  return {
    TargetArn: endpointArn,
    MessageStructure: 'json',
    Message: JSON.stringify({ default: 'push', [SNS_PLATFORMS[message.platform]]: JSON.stringify(payload) }),
    ...messageAttributes(attributes),
  };
}

type Parts = { payload: unknown; attributes?: Record<string, string> };

function fcmParts(message: PushMessage): Parts {
  // The member that tells SNS this is a message of the HTTP v1 API and not of the one that Google shut down.
  return { payload: { fcmV1Message: { message: buildFcm(message) } } };
}

function apnsParts(message: PushMessage): Parts {
  const { payload, pushType, priority, collapseId } = buildApns(message);
  return {
    payload,
    // SNS turns these into apns-* headers, for the sandbox of APNs as well.
    attributes: {
      'AWS.SNS.MOBILE.APNS.PUSH_TYPE': pushType,
      'AWS.SNS.MOBILE.APNS.PRIORITY': String(priority),
      'AWS.SNS.MOBILE.APNS.COLLAPSE_ID': collapseId,
    },
  };
}

/** A token is an address: the account of what happened does not keep it a second time. */
function withoutToken(result: SendResult, token: string): SendResult {
  if (result.kind === 'accepted' || result.detail === undefined) return result;
  return { ...result, detail: result.detail.replaceAll(token, '[token]') };
}
