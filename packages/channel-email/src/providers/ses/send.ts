import {
  type AwsClient,
  callAction,
  createAwsClient,
  credentialSource,
  readMember,
  readQueryError,
} from '@outrigger/aws-request';
import { type EmailMessage, NOT_BEGUN, type Provider, type SendResult } from '@outrigger/core';
import { buildMime } from '../../mime.ts';
import { readSendAnswer } from './answer.ts';
import { createBulkSender } from './bulk.ts';
import type { SesConfig } from './config.ts';
import { JSON_TYPE, rawRequest } from './request.ts';

/** Amazon SES, API version 2: the raw message is ours, so custom headers and parts go out as composed. */
export function createSesProvider(config: SesConfig): Provider<EmailMessage> {
  const client = createClient(config);
  const send = (message: EmailMessage, signal: AbortSignal) => sendRaw(client, config, message, signal);
  return {
    name: 'ses',
    send,
    many: createBulkSender(client, config, send),
    readRate: () => readRate(client, config),
    close: () => client.close(),
  };
}

async function sendRaw(
  client: AwsClient,
  config: SesConfig,
  message: EmailMessage,
  signal: AbortSignal,
): Promise<SendResult> {
  if (signal.aborted) return NOT_BEGUN;
  const body = rawRequest(message, buildMime(message, new Date()), config.SES_CONFIGURATION_SET);
  const answer = await client.post('/v2/email/outbound-emails', JSON_TYPE, body, signal);
  return 'failure' in answer ? answer.failure : readSendAnswer(answer, message.to);
}

/** Asked of the older API, which tells the same in every region and needs a permission that every sender has had for years. */
async function readRate(client: AwsClient, config: SesConfig): Promise<number | undefined> {
  const signal = AbortSignal.timeout(config.SES_TIMEOUT_MS);
  const answer = await callAction(client, '2010-12-01', 'GetSendQuota', {}, signal);
  if ('failure' in answer) {
    const { failure } = answer;
    throw new Error(`GetSendQuota: ${failure.kind === 'accepted' ? '' : (failure.detail ?? failure.vendorCode)}`);
  }
  const rate = answer.status === 200 ? readMember(answer.body, 'GetSendQuota', 'MaxSendRate') : undefined;
  if (rate === undefined) {
    const error = readQueryError(answer.body);
    const text = error?.message ?? `HTTP ${answer.status}`;
    throw Object.assign(new Error(`GetSendQuota: ${text}`), { name: error?.code ?? 'UnreadableAnswer' });
  }
  return Number(rate) > 0 ? Number(rate) : undefined;
}

function createClient(config: SesConfig): AwsClient {
  return createAwsClient({
    service: 'ses',
    hostPrefix: 'email',
    region: config.SES_REGION,
    endpoint: config.SES_ENDPOINT,
    credentials: credentialSource(config.SES_ACCESS_KEY_ID, config.SES_SECRET_ACCESS_KEY),
    connectTimeoutMs: config.SES_CONNECT_TIMEOUT_MS,
    timeoutMs: config.SES_TIMEOUT_MS,
  });
}
