import { type HttpAnswer, retryAfterMs } from '@outrigger/aws-request';
import { answerWith, type SendResult } from '@outrigger/core';
import { codeOfStatus, refineSesCode } from './codes.ts';

/** The body of an answer, or undefined when it is not a whole JSON object. */
export function readJson(answer: HttpAnswer): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(answer.body);
    return value !== null && typeof value === 'object' && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

/** The answer to one message. Only a 200 that can be read and names the message is a yes. */
export function readSendAnswer(answer: HttpAnswer, recipient: string): SendResult {
  if (answer.status !== 200) return readRefusal(answer, recipient);
  const body = readJson(answer);
  if (!body) return answerWith('ambiguous.response', `HTTP ${answer.status} unreadable`, { detail: answer.body });
  const { MessageId: id } = body;
  return typeof id === 'string' && id !== ''
    ? { kind: 'accepted', providerMessageId: id }
    : answerWith('ambiguous.response', 'no_message_id');
}

/** What an answer other than 200 means for the message, or for every message of the call (reliability 5.4). */
export function readRefusal(answer: HttpAnswer, recipient: string): SendResult {
  const { name, message } = readError(answer);
  const extra = { detail: message || name, retryAfterMs: retryAfterMs(answer) };
  // A name under a 2xx says nothing: whoever answers so is not SES.
  const code = answer.status < 300 ? undefined : refineSesCode(name, message, recipient);
  if (code) return answerWith(code, name, extra);
  return answerWith(codeOfStatus(answer.status), `HTTP ${answer.status} ${name}`.trimEnd(), extra);
}

/** Where an AWS service that speaks JSON puts the name of an error: https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html */
export function readError(answer: HttpAnswer): { name: string; message: string } {
  const body = readJson(answer);
  const found = [answer.headers['x-amzn-errortype'], body?.code, body?.__type].find((name) => typeof name === 'string');
  const name = String(found ?? '')
    .split(/[,:]/, 1)[0]!
    .replace(/^.*#/, '');
  return { name, message: String(body?.message ?? body?.Message ?? '') };
}
