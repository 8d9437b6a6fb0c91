/**
 * What reliability 4.2 and 4.3 say about a body, written a second time and without the product's code: a JSON parser of
 * its own and the rules one by one. Slow and plain; the fuzz test holds the product to it.
 */

/** An accepted call as the ledger must hold it. */
export type ExpectedCall = { requestId: string; recipients: Record<string, unknown>[] };

class Refused extends Error {}

const refuse = (why: string): never => {
  throw new Refused(why);
};

/** The call in these bytes, or why it must be refused. */
export function judge(bytes: Buffer, campaignId: string): { call: ExpectedCall } | { refused: string } {
  try {
    if (bytes.length > 1_048_576) refuse('too large');
    return { call: checkCall(parse(decode(bytes)), campaignId) };
  } catch (error) {
    if (error instanceof Refused) return { refused: error.message };
    throw error;
  }
}

function decode(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return refuse('not UTF-8');
  }
}

function checkCall(value: unknown, campaignId: string): ExpectedCall {
  const call = closed(value, ['requestId', 'campaignId', 'recipients'], []);
  const requestId = text(call.requestId, 255);
  if (!/^[!-~]+$/.test(requestId)) refuse('requestId');
  if (call.campaignId !== campaignId) refuse('campaignId');
  if (!Array.isArray(call.recipients)) return refuse('recipients');
  if (call.recipients.length < 1 || call.recipients.length > 20) refuse('number of recipients');
  const users = new Set<string>();
  let contextBytes = 0;
  for (const item of call.recipients) {
    const recipient = closed(item, ['type', 'userId', 'namespace'], ['channelData', 'profile', 'context']);
    // An aep recipient would need a profile, and the fuzzed tenant has none.
    if (recipient.type !== 'external') refuse('type');
    const userId = printable(recipient.userId, 320);
    if (userId.trim() === '') refuse('blank userId');
    if (users.has(userId)) refuse('a person twice');
    users.add(userId);
    if (printable(recipient.namespace, 64).toLowerCase() !== 'email') refuse('namespace');
    if ('channelData' in recipient) checkChannelData(recipient.channelData);
    if ('profile' in recipient) object(recipient.profile);
    if ('context' in recipient) {
      if (Object.hasOwn(object(recipient.context), 'system')) refuse('context.system');
      contextBytes += Buffer.byteLength(JSON.stringify(recipient.context));
    }
  }
  if (contextBytes > 200_000) refuse('too much context');
  return { requestId, recipients: call.recipients };
}

function checkChannelData(value: unknown): void {
  const data = closed(value, [], ['emailAddress', 'mobilePhoneNumber', 'pushInfo']);
  if ('emailAddress' in data) printable(data.emailAddress, 320);
  if ('mobilePhoneNumber' in data) printable(data.mobilePhoneNumber, 40);
  if (!('pushInfo' in data)) return;
  const push = closed(data.pushInfo, ['appID', 'platform', 'token'], []);
  printable(push.appID, 255);
  printable(push.token, 4_096);
  if (!['apns', 'apnsSandbox', 'fcm'].includes(push.platform as string)) refuse('platform');
}

function object(value: unknown): Record<string, unknown> {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return refuse('not an object');
  return value as Record<string, unknown>;
}

function closed(value: unknown, required: string[], optional: string[]): Record<string, unknown> {
  const members = object(value);
  for (const name of required) if (!Object.hasOwn(members, name)) refuse(`no ${name}`);
  for (const name of Object.keys(members)) {
    if (!required.includes(name) && !optional.includes(name)) refuse(`unknown member ${name}`);
  }
  return members;
}

function text(value: unknown, max: number): string {
  if (typeof value !== 'string') return refuse('not a text');
  if (value.length < 1 || value.length > max) refuse('length of a text');
  return value;
}

function printable(value: unknown, max: number): string {
  for (const character of text(value, max)) {
    const code = character.codePointAt(0)!;
    if (code < 0x20 || (code >= 0x7f && code <= 0x9f)) refuse('control character');
  }
  return value as string;
}

/** RFC 8259 by recursive descent, with our own limits: depth, members, names said twice, numbers that lose digits. */
function parse(source: string): unknown {
  let at = 0;
  let members = 0;

  function space(): void {
    while (/[ \t\r\n]/.test(source[at] ?? '')) at++;
  }
  function take(token: string): boolean {
    if (!source.startsWith(token, at)) return false;
    at += token.length;
    return true;
  }
  function count(): void {
    if (++members > 5_000) refuse('too many members');
  }

  function value(depth: number): unknown {
    space();
    const start = source[at];
    const containerDepth = depth + 1;
    if ((start === '{' || start === '[') && containerDepth > 32) refuse('too deep');
    if (take('{')) return objectAt(containerDepth);
    if (take('[')) return arrayAt(containerDepth);
    if (start === '"') return string();
    if (take('true')) return true;
    if (take('false')) return false;
    if (take('null')) return null;
    return number();
  }
  function objectAt(depth: number): unknown {
    const result: Record<string, unknown> = {};
    space();
    if (take('}')) return result;
    for (;;) {
      space();
      if (source[at] !== '"') refuse('no name');
      const name = string();
      space();
      if (!take(':')) refuse('no colon');
      if (name === '__proto__' || Object.hasOwn(result, name)) refuse('name');
      count();
      result[name] = value(depth);
      const built = result[name];
      if (name === 'constructor' && typeof built === 'object' && built !== null && Object.hasOwn(built, 'prototype')) {
        refuse('constructor.prototype');
      }
      space();
      if (take('}')) return result;
      if (!take(',')) refuse('no comma');
    }
  }
  function arrayAt(depth: number): unknown {
    const result: unknown[] = [];
    space();
    if (take(']')) return result;
    for (;;) {
      count();
      result.push(value(depth));
      space();
      if (take(']')) return result;
      if (!take(',')) refuse('no comma');
    }
  }
  function string(): string {
    const begin = at;
    for (at++; source[at] !== '"'; at++) {
      if (at >= source.length || source.charCodeAt(at) < 0x20) refuse('string');
      if (source[at] !== '\\') continue;
      const escaped = /^(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/.exec(source.slice(at + 1, at + 6));
      if (!escaped) return refuse('escape');
      at += escaped[0].length;
    }
    at++;
    const result = JSON.parse(source.slice(begin, at)) as string;
    if (/\0|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/.test(result))
      refuse('hostile text');
    return result;
  }
  function number(): number {
    const digits = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/.exec(source.slice(at, at + 500))?.[0];
    if (digits === undefined) return refuse('no value');
    at += digits.length;
    const result = Number(digits);
    if (!Number.isFinite(result) || (Number.isInteger(result) && Math.abs(result) >= 2 ** 53)) refuse('number');
    return result;
  }

  const result = value(0);
  space();
  if (at < source.length) refuse('text after the value');
  return result;
}
