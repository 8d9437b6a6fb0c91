import type { JsonObject, JsonValue, SmsMessage } from '@outrigger/core';
import type { z } from 'zod';

type Problems = z.RefinementCtx;

/** Written by us, or decided by the connection. */
const OURS = /^(host|content-.*|transfer-encoding|connection|expect|upgrade|te|trailer|accept-encoding)$/i;
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$/;
const HEADER_VALUE = /^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/;
/** A text of the template that is this becomes the RCS content itself. */
const WHOLE_RCS = '{{rcs}}';
const PATH = /^[\w-]+(\.[\w-]+){0,9}$/;

/** The extra headers of SMS_HTTP_HEADERS; problems name the header and never its value. */
export function headersFrom(text: string, context: Problems): Record<string, string> {
  const given = objectFrom(text);
  if (!given) {
    context.addIssue({ code: 'custom', message: 'is not a JSON object' });
    return {};
  }
  for (const [name, value] of Object.entries(given)) {
    const problem = !HEADER_NAME.test(name)
      ? 'is no name of a header'
      : OURS.test(name)
        ? 'is written by us'
        : typeof value !== 'string' || !HEADER_VALUE.test(value)
          ? 'has a value that is no line of visible ASCII'
          : undefined;
    if (problem) context.addIssue({ code: 'custom', message: `${name.slice(0, 60)} ${problem}` });
  }
  return given as Record<string, string>;
}

/** The template of a body, parsed: values are put into its texts, so that no number or message can add a member. */
const templateFrom =
  (places: readonly string[]) =>
  (text: string, context: Problems): JsonObject => {
    const given = objectFrom(text);
    if (!given) context.addIssue({ code: 'custom', message: 'is not a JSON object' });
    const missing = places.filter((place) => !text.includes(`{{${place}}}`));
    if (given && missing.length > 0) {
      context.addIssue({ code: 'custom', message: `must use ${missing.map((place) => `{{${place}}}`).join(', ')}` });
    }
    return given ?? {};
  };

export const payloadFrom = templateFrom(['fromNumber', 'toNumber', 'message']);
export const mmsPayloadFrom = templateFrom(['fromNumber', 'toNumber', 'message', 'mediaUri']);
export function rcsPayloadFrom(text: string, context: Problems): JsonObject {
  const given = templateFrom(['toNumber'])(text, context);
  if (!text.includes(`"${WHOLE_RCS}"`)) {
    context.addIssue({ code: 'custom', message: `must have a text that is ${WHOLE_RCS} and nothing else` });
  }
  return given;
}

export function idPathFrom(text: string, context: Problems): string[] {
  if (!PATH.test(text)) context.addIssue({ code: 'custom', message: 'is no dotted path, such as messages.0.id' });
  return text.split('.');
}

/** The body for one message. */
export function payloadOf(template: JsonObject, message: SmsMessage): string {
  const values: Record<string, string> = {
    fromNumber: message.from,
    toNumber: message.to,
    message: message.text,
    messageId: message.messageId,
    mediaUri: message.mms?.mediaUri ?? '',
    title: message.mms?.title ?? '',
  };
  const filled = (value: JsonValue): JsonValue => {
    if (value === WHOLE_RCS && message.rcs) return message.rcs as unknown as JsonObject;
    if (typeof value === 'string') {
      return value.replace(/\{\{(\w+)\}\}/g, (whole, name: string) =>
        Object.hasOwn(values, name) ? values[name]! : whole,
      );
    }
    if (Array.isArray(value)) return value.map(filled);
    if (value === null || typeof value !== 'object') return value;
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, filled(inner)]));
  };
  return JSON.stringify(filled(template));
}

/** The id at the path, or undefined where there is none. */
export function idAt(answer: unknown, path: readonly string[]): string | undefined {
  let value = answer;
  for (const name of path) {
    if (value === null || typeof value !== 'object' || !Object.hasOwn(value, name)) return undefined;
    value = (value as Record<string, unknown>)[name];
  }
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value !== '' && value.length <= 200 ? value : undefined;
}

const DEEPEST = 10;

/** Whether a text or number stands as a value anywhere in an answer, within reason. */
export function hasValue(answer: unknown, wanted: readonly string[], depth = 0): boolean {
  if (typeof answer === 'string' || typeof answer === 'number') return wanted.includes(String(answer));
  if (answer === null || typeof answer !== 'object' || depth > DEEPEST) return false;
  return Object.values(answer).some((one) => hasValue(one, wanted, depth + 1));
}

function objectFrom(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return value !== null && typeof value === 'object' && !Array.isArray(value) ? (value as JsonObject) : undefined;
  } catch {
    return undefined;
  }
}
