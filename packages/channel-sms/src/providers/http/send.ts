import {
  answerWith,
  type JsonObject,
  NOT_BEGUN,
  networkCode,
  type Provider,
  type SendResult,
  type SmsMessage,
} from '@outrigger/core';
import { codeOfStatus } from './codes.ts';
import type { HttpConfig } from './config.ts';
import { createPoster, type HttpAnswer, type HttpFailure } from './post.ts';
import { hasValue, idAt, payloadOf } from './request.ts';

/** Bounds of what a provider may say of when to come again (reliability W18). */
const SHORTEST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 60 * 60_000;

/**
 * A provider of one's own (spec 3.3): a JSON body made of a template, and the message's id at a path of the answer. An RCS message for
 * a phone that has none was certainly not taken, so its text goes out instead, within the same call.
 */
export function createHttpProvider(config: HttpConfig): Provider<SmsMessage> {
  const posterTo = (url: string) =>
    createPoster({
      url: new URL(url),
      headers: config.SMS_HTTP_HEADERS ?? {},
      onlyPublic: config.SMS_HTTP_PRIVATE_NETWORK === 'refuse',
      timeoutMs: config.SMS_HTTP_TIMEOUT_MS,
      connectTimeoutMs: config.SMS_HTTP_CONNECT_TIMEOUT_MS,
    });
  const texts = posterTo(config.SMS_HTTP_URL);
  const rich = config.SMS_HTTP_RCS_URL === undefined ? texts : posterTo(config.SMS_HTTP_RCS_URL);
  const { SMS_HTTP_MMS_PAYLOAD: mmsPayload, SMS_HTTP_RCS_PAYLOAD: rcsPayload } = config;
  const read = (answer: HttpAnswer | HttpFailure) =>
    'error' in answer ? readFailure(answer) : readAnswer(answer, config.SMS_HTTP_MESSAGE_ID);

  async function sendRich(message: SmsMessage, payload: JsonObject, signal: AbortSignal): Promise<SendResult> {
    const answer = await rich.post(payloadOf(payload, message), signal);
    if (!isNotCapable(answer, config.SMS_HTTP_RCS_NOT_CAPABLE)) return read(answer);
    if (signal.aborted) return NOT_BEGUN;
    return read(await texts.post(payloadOf(config.SMS_HTTP_PAYLOAD, message), signal));
  }

  async function sendMessage(message: SmsMessage, signal: AbortSignal): Promise<SendResult> {
    if (message.rcs) return rcsPayload ? sendRich(message, rcsPayload, signal) : notSupported('RCS');
    const payload = message.mms ? mmsPayload : config.SMS_HTTP_PAYLOAD;
    return payload ? read(await texts.post(payloadOf(payload, message), signal)) : notSupported('MMS');
  }

  return {
    name: 'http',
    abilities: [...(mmsPayload ? ['mms'] : []), ...(rcsPayload ? ['rcs'] : [])],
    async send(message, signal) {
      if (signal.aborted) return NOT_BEGUN;
      return withoutNumber(await sendMessage(message, signal), message.to);
    },
    async close() {
      texts.close();
      rich.close();
    },
  };
}

/** A certain refusal that says in one of the agreed ways that the phone has no RCS. */
function isNotCapable(answer: HttpAnswer | HttpFailure, ways: readonly string[]): boolean {
  if ('error' in answer || answer.status < 400) return false;
  return ways.includes(String(answer.status)) || hasValue(jsonOf(answer.body), ways);
}

function notSupported(kind: 'MMS' | 'RCS'): SendResult {
  const detail = `SMS_HTTP_${kind}_PAYLOAD is not set`;
  return answerWith('permanent.content', `${kind.toLowerCase()}_not_supported`, { detail });
}

function readAnswer({ status, retryAfter, body }: HttpAnswer, idPath: readonly string[]): SendResult {
  if (status >= 200 && status < 300) {
    const id = idAt(jsonOf(body), idPath);
    if (id !== undefined) return { kind: 'accepted', providerMessageId: id };
    return answerWith('ambiguous.response', 'no_message_id', { detail: body });
  }
  const retryAfterMs =
    retryAfter !== undefined && /^\d+$/.test(retryAfter) ? clamp(Number(retryAfter) * 1_000) : undefined;
  return answerWith(codeOfStatus(status), `HTTP ${status}`, {
    detail: body,
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  });
}

function readFailure({ begun, error }: HttpFailure): SendResult {
  const vendorCode = error.code ?? error.name;
  const extra = { detail: error.message };
  if (error.code === 'EPRIVATE') return answerWith('transient.configuration', vendorCode, extra);
  if (!begun) return answerWith('transient.unavailable', vendorCode, extra);
  const code = networkCode({ ...error, message: error.message });
  return answerWith(code?.startsWith('ambiguous.') ? code : 'ambiguous.response', vendorCode, extra);
}

function clamp(ms: number): number {
  return Math.min(Math.max(ms, SHORTEST_RETRY_MS), LONGEST_RETRY_MS);
}

function jsonOf(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

/** A provider may repeat the number; the account of what happened does not keep it a second time. */
function withoutNumber(result: SendResult, number: string): SendResult {
  if (result.kind === 'accepted' || result.detail === undefined) return result;
  const bare = number.replace('+', '');
  return { ...result, detail: result.detail.replaceAll(number, '[number]').replaceAll(bare, '[number]') };
}
