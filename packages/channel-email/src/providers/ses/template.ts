import { type EmailMessage, jsonInJson, type Pieces } from '@outrigger/core';

/**
 * An email as an SES template and what one recipient's copy puts into it. Slots are whole rendered texts (a loop is one slot), so
 * the template has nothing but names, the "simple substitutions" that inline templates allow, and SES puts texts in as they are:
 * "SES doesn't escape HTML content when rendering the HTML template"
 * (https://docs.aws.amazon.com/ses/latest/dg/send-personalized-email-advanced.html). What we rendered is escaped already.
 */
export type SesTemplate = { Subject: string; Html: string; Text?: string };

/** Bytes as JSON: an inline template and its recipients share the megabyte of a request. */
const LARGEST_TEMPLATE = 450_000;
/** `TemplateData` may have 262,144 characters. */
const LARGEST_DATA = 240_000;
const LONGEST_ESCAPE = '\\u0000'.length;

type Known = { text: readonly string[] | undefined; template: SesTemplate | undefined };
const known = new WeakMap<readonly string[], Known>();

/**
 * The template that a message is a copy of, with names for its slots: `s` the subject, `h0 h1 …` the HTML's, `t0 t1 …` the
 * text's. It is the same object for all messages of a version; undefined when it has none.
 */
export function templateOf(message: EmailMessage): SesTemplate | undefined {
  const { html, text } = message.pieces ?? {};
  if (!html || (!text && message.text !== undefined)) return undefined;
  const length = mostOf(html) + (text ? mostOf(text) : 0) + message.subject.length * LONGEST_ESCAPE;
  if (length > LARGEST_DATA) return undefined;
  let found = known.get(html.fixed);
  if (!found || found.text !== text?.fixed) {
    found = { text: text?.fixed, template: makeTemplate(html.fixed, text?.fixed) };
    known.set(html.fixed, found);
  }
  return found.template;
}

/** A message's `TemplateData` as it stands in the call's JSON. V8 keeps it as a tree until the call is written. */
export function slotsOf({ subject, pieces }: EmailMessage): string {
  const { html, text } = pieces!;
  const data = `{\\"s\\":\\"${jsonInJson(subject)}${valuesOf(html!, 'h')}`;
  return `${text ? data + valuesOf(text, 't') : data}\\"}`;
}

function valuesOf(pieces: Pieces, prefix: string): string {
  let values = '';
  const slots = pieces.slotsInJson ?? pieces.slots.map(jsonInJson);
  for (let index = 0; index < slots.length; index += 1) {
    values += `\\",\\"${prefix}${index}\\":\\"${slots[index]!}`;
  }
  return values;
}

/** Characters of `TemplateData`, at most: there a text is escaped once, in `slotsInJson` twice. */
function mostOf(pieces: Pieces): number {
  let length = 0;
  for (const slot of pieces.slotsInJson ?? pieces.slots) length += slot.length;
  return pieces.slotsInJson ? length : length * LONGEST_ESCAPE;
}

function makeTemplate(html: readonly string[], text: readonly string[] | undefined): SesTemplate | undefined {
  if (![html, text ?? []].every(canBeFixed)) return undefined;
  const template = { Subject: '{{s}}', Html: named(html, 'h'), ...(text && { Text: named(text, 't') }) };
  return Buffer.byteLength(JSON.stringify(template)) > LARGEST_TEMPLATE ? undefined : template;
}

/**
 * A text that SES could take for its own syntax cannot stand in a template: two braces open a tag, a backslash before them makes
 * them text, and a single brace beside one of our names would become a third.
 */
function canBeFixed(fixed: readonly string[]): boolean {
  return fixed.every((piece, index) => {
    if (piece.includes('{{') || piece.includes('}}')) return false;
    return (index === fixed.length - 1 || !/[{\\]$/.test(piece)) && (index === 0 || !piece.startsWith('}'));
  });
}

function named(fixed: readonly string[], prefix: string): string {
  return fixed
    .map((piece, index) => (index === 0 ? piece : `{{${prefix}${index - 1}}}${piece}`))
    .join('')
    .toWellFormed();
}
