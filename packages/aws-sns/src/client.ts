import { type AwsClient, callAction, createAwsClient, credentialSource, readMember } from '@outrigger/aws-request';
import { answerWith, type SendResult } from '@outrigger/core';
import { refusalOf, type SnsTables } from './failure.ts';

/** The part of a provider's configuration that its connection needs. */
export type SnsConnection = {
  SNS_REGION: string;
  SNS_ENDPOINT?: string | undefined;
  SNS_ACCESS_KEY_ID?: string | undefined;
  SNS_SECRET_ACCESS_KEY?: string | undefined;
  SNS_TIMEOUT_MS: number;
  SNS_CONNECT_TIMEOUT_MS: number;
};

/** The API that everything here speaks. */
const VERSION = '2010-03-31';

/** SNS with a key, a region and time limits; it sends a request once and gives it up on time. */
export type SnsClient = AwsClient;

export function createSnsClient(config: SnsConnection): SnsClient {
  return createAwsClient({
    service: 'sns',
    hostPrefix: 'sns',
    region: config.SNS_REGION,
    endpoint: config.SNS_ENDPOINT,
    credentials: credentialSource(config.SNS_ACCESS_KEY_ID, config.SNS_SECRET_ACCESS_KEY),
    connectTimeoutMs: config.SNS_CONNECT_TIMEOUT_MS,
    timeoutMs: config.SNS_TIMEOUT_MS,
  });
}

export type SnsCall = { action: 'Publish' | 'CreatePlatformEndpoint'; fields: Record<string, string | undefined> };

/** Calls an action whose answer has the member `wanted`; an answer without it is `failure` like any other that is no yes. */
export async function callSns(
  client: SnsClient,
  { action, fields }: SnsCall,
  wanted: 'MessageId' | 'EndpointArn',
  signal: AbortSignal,
  tables: SnsTables,
): Promise<{ value: string } | { failure: SendResult; message?: string }> {
  const answer = await callAction(client, VERSION, action, fields, signal);
  if ('failure' in answer) return answer;
  const value = answer.status === 200 ? readMember(answer.body, action, wanted) : undefined;
  if (value) return { value };
  return value === undefined
    ? refusalOf(answer, tables)
    : { failure: answerWith('ambiguous.response', NAMELESS[wanted]) };
}

const NAMELESS = { MessageId: 'no_message_id', EndpointArn: 'no_endpoint_arn' };

/** Text attributes of a message in the form of the query protocol, counted from 1. Undefined ones are left out. */
export function messageAttributes(attributes: Record<string, string>): Record<string, string> {
  const fields: Record<string, string> = {};
  Object.keys(attributes).forEach((name, index) => {
    const entry = `MessageAttributes.entry.${index + 1}`;
    fields[`${entry}.Name`] = name;
    fields[`${entry}.Value.DataType`] = 'String';
    fields[`${entry}.Value.StringValue`] = attributes[name]!;
  });
  return fields;
}
