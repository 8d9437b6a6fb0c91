import { callSns, type SnsClient } from '@outrigger/aws-sns';
import { answerWith, type SendResult } from '@outrigger/core';
import { SNS_TABLES } from './codes.ts';

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

export function createSnsEndpoints(client: SnsClient, limit = REMEMBERED_ENDPOINTS): SnsEndpoints {
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
      const fields = { PlatformApplicationArn: applicationArn, Token: token };
      const call = { action: 'CreatePlatformEndpoint', fields } as const;
      const answer = await callSns(client, call, 'EndpointArn', signal, SNS_TABLES);
      if ('value' in answer) return remember(key, answer.value);
      const existing = existingEndpoint(answer.message ?? '');
      return existing === undefined ? { failure: certain(answer.failure) } : remember(key, existing);
    },
    forget(applicationArn, token) {
      known.delete(keyOf(applicationArn, token));
    },
  };
}

/** Someone else made the endpoint with attributes of its own. SNS refuses, and names it in the text alone. */
function existingEndpoint(message: string): string | undefined {
  return /Endpoint (arn:\S+) already exists with the same Token/.exec(message)?.[1];
}

/** What is in doubt is only whether the endpoint was made, never whether the message was sent. */
function certain(result: SendResult): SendResult {
  if (result.kind !== 'unknown') {
    const absent = result.kind === 'refused' && result.vendorCode === 'NotFound';
    return absent ? { ...result, code: 'transient.configuration' } : result;
  }
  return answerWith('transient.unavailable', result.vendorCode, { detail: result.detail });
}
