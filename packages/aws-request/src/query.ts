import type { AwsAnswer, AwsClient } from './client.ts';

/**
 * The AWS query protocol (SNS, and the older API of SES): a form goes out, XML comes back. The answers read here are flat and
 * few, so their members are found by name; an XML parser would be more code and more holes than what it reads.
 */

const FORM = 'application/x-www-form-urlencoded';

/** Calls an action. Fields that are undefined are left out. */
export function callAction(
  client: AwsClient,
  version: string,
  action: string,
  fields: Record<string, string | undefined>,
  signal: AbortSignal,
): Promise<AwsAnswer> {
  let form = `Action=${action}&Version=${version}`;
  for (const name of Object.keys(fields)) {
    const value = fields[name];
    if (value !== undefined) form += `&${escapeField(name)}=${escapeField(value)}`;
  }
  return client.post('/', FORM, Buffer.from(form, 'latin1'), signal);
}

/** RFC 3986's unreserved characters stay; lone surrogates, which have no UTF-8, become U+FFFD. */
function escapeField(text: string): string {
  return PLAIN.test(text) ? text : encodeURIComponent(text.toWellFormed()).replace(/[!'()*]/g, escapeCharacter);
}

const PLAIN = /^[A-Za-z0-9_.~-]*$/;

function escapeCharacter(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}

/**
 * A member of an action's answer: undefined when the document is not the whole answer to that action, an empty text when it is
 * and has no such member.
 */
export function readMember(xml: string, action: string, name: string): string | undefined {
  if (!new RegExp(`<${action}Response[\\s>]`).test(xml) || !xml.trimEnd().endsWith(`</${action}Response>`)) {
    return undefined;
  }
  return elementText(xml, name) ?? '';
}

export type QueryError = { code: string; message: string };

/** The error of an error document, whatever its HTTP status says; undefined when the body is none. */
export function readQueryError(xml: string): QueryError | undefined {
  if (!/<ErrorResponse[\s>]/.test(xml)) return undefined;
  const code = elementText(xml, 'Code')?.trim();
  return code ? { code, message: elementText(xml, 'Message') ?? '' } : undefined;
}

function elementText(xml: string, name: string): string | undefined {
  const found = new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1];
  return found?.replace(/&(?:#(\d+)|#x([0-9a-fA-F]+)|(\w+));/g, (whole, decimal, hex, entity: string) => {
    if (decimal !== undefined || hex !== undefined) return fromCodePoint(Number(decimal ?? `0x${hex}`), whole);
    return Object.hasOwn(ENTITIES, entity) ? ENTITIES[entity]! : whole;
  });
}

const ENTITIES: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function fromCodePoint(point: number, otherwise: string): string {
  return point <= 0x10ffff ? String.fromCodePoint(point) : otherwise;
}
