import { CreatePlatformEndpointCommand, type SNSClient } from '@aws-sdk/client-sns';
import { answerWith, type SendResult } from '@outrigger/core';
import { classifySnsFailure } from './failure.ts';

/** SNS sends to an endpoint, which stands for one token of one application. */
export type SnsEndpoints = {
  /** The endpoint of a token, made when it is not known. A failure is always certain: nothing has been published. */
  endpointOf(
    applicationArn: string,
    token: string,
    signal: AbortSignal,
  ): Promise<{ arn: string } | { failure: SendResult }>;
  forget(applicationArn: string, token: string): void;
};

/** About 3 MB. A token that fell out costs one more call of SNS. */
const REMEMBERED_ENDPOINTS = 10_000;

export function createSnsEndpoints(client: SNSClient, limit = REMEMBERED_ENDPOINTS): SnsEndpoints {
  // In order of use: the first is the one that was used longest ago.
  const known = new Map<string, string>();
  const keyOf = (applicationArn: string, token: string) => `${applicationArn} ${token}`;

  function remember(key: string, arn: string): { arn: string } {
    known.delete(key);
    known.set(key, arn);
    if (known.size > limit) known.delete(known.keys().next().value ?? '');
    return { arn };
  }

  return {
    async endpointOf(applicationArn, token, signal) {
      const key = keyOf(applicationArn, token);
      const arn = known.get(key);
      if (arn !== undefined) return remember(key, arn);
      // Idempotent: SNS answers with the endpoint it has when the token is already there.
      const command = new CreatePlatformEndpointCommand({ PlatformApplicationArn: applicationArn, Token: token });
      try {
        const answer = await client.send(command, { abortSignal: signal });
        if (answer.EndpointArn) return remember(key, answer.EndpointArn);
        return { failure: answerWith('transient.unavailable', 'no_endpoint_arn') };
      } catch (error) {
        const existing = existingEndpoint(error);
        return existing === undefined ? { failure: certain(error, signal) } : remember(key, existing);
      }
    },
    forget(applicationArn, token) {
      known.delete(keyOf(applicationArn, token));
    },
  };
}

/** Someone else made the endpoint with attributes of its own. SNS refuses, and names it in the text alone. */
function existingEndpoint(error: unknown): string | undefined {
  const message = error instanceof Error ? error.message : '';
  return /Endpoint (arn:\S+) already exists with the same Token/.exec(message)?.[1];
}

/** What is in doubt is only whether the endpoint was made, never whether the message was sent. */
function certain(error: unknown, signal: AbortSignal): SendResult {
  const result = classifySnsFailure(error, signal);
  if (result.kind !== 'unknown') {
    const absent = result.kind === 'refused' && result.vendorCode === 'NotFound';
    return absent ? { ...result, code: 'transient.configuration' } : result;
  }
  return answerWith('transient.unavailable', result.vendorCode, { detail: result.detail });
}
