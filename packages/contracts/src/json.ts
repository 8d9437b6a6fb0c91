import type { JsonObject, JsonValue, Refusal } from '@outrigger/core';
import { refuse } from '@outrigger/core';
import { findRepeatedName, type JsonScan, scanJson } from './json-scan.ts';

const MAX_DEPTH = 32;
/** Object members and array elements of a body, together. */
export const MAX_MEMBERS = 5_000;
const decoder = new TextDecoder('utf-8', { fatal: true });

/**
 * A body that was read. `listText` is the first list of the outermost object as it was sent, where that is fit to be kept: on one
 * line, and with few escapes that could be shorter.
 */
export type ReadJson = { value: JsonValue; listText?: string };

/**
 * Reads a request body as JSON, or says why not. Stricter than JSON.parse (reliability 4.2): bytes must be UTF-8; no lone
 * surrogates or NUL (Postgres cannot hold them), no `__proto__`, no member twice in an object (JSON.parse keeps the last
 * silently), no numbers that lose digits, bounded depth and members. A refusal carries requestId and campaignId when the
 * text could be parsed.
 */
export function readJson(body: Buffer): ReadJson | { refusal: Refusal } {
  if (body.length === 0) return { refusal: refuse('MSG-000001', 'The body is empty; send a JSON object.') };
  let text: string;
  try {
    text = decoder.decode(body);
  } catch {
    return { refusal: refuse('MSG-000009', 'The body is not valid UTF-8; encode it as UTF-8.') };
  }
  const scan = scanJson(body);
  if (scan.depth > MAX_DEPTH) {
    return { refusal: refuse('MSG-000009', `The body is nested deeper than ${MAX_DEPTH} levels; send it flatter.`) };
  }
  if (scan.commas > MAX_MEMBERS) return { refusal: tooManyMembers() };
  let value: JsonValue;
  try {
    value = JSON.parse(text) as JsonValue;
  } catch (error) {
    const reason = (error as Error).message.slice(0, 120);
    return { refusal: refuse('MSG-000001', `Send a body that is valid JSON: ${reason}`) };
  }
  const counts = { members: 0, elements: 0 };
  const problem = findHostile(value, counts, {
    // Only an escape can make what isHostileText looks for: raw, NUL is no JSON and half a surrogate pair no UTF-8.
    texts: scan.hasSuspectEscapes,
    names: scan.numericEscapes > 0 || text.includes('__proto__') || text.includes('constructor'),
  });
  if (problem) return { refusal: { ...problem, context: identifiersOf(value) } };
  if (counts.members + counts.elements > MAX_MEMBERS) {
    return { refusal: { ...tooManyMembers(), context: identifiersOf(value) } };
  }
  if (counts.members !== scan.members) {
    const name = findRepeatedName(text) ?? '';
    const { [name]: _ambiguous, ...context } = identifiersOf(value);
    const title = `The member ${JSON.stringify(name.slice(0, 60))} is there twice in one object; send it once.`;
    return { refusal: refuse('MSG-000009', title, context) };
  }
  const listText = isObject(value) ? listTextOf(text, body, scan) : undefined;
  return listText === undefined ? { value } : { value, listText };
}

/** An escape by number has up to five bytes too many; so much text for each makes that little. */
const LEAST_PER_ESCAPE = 32;
const BLANKS = /[\t\n\r]| {2}/;

function listTextOf(text: string, body: Buffer, { numericEscapes, listBegin, listEnd }: JsonScan): string | undefined {
  if (listEnd < 0 || numericEscapes * LEAST_PER_ESCAPE > listEnd - listBegin) return undefined;
  const list = text.length === body.length ? text.slice(listBegin, listEnd) : body.toString('utf8', listBegin, listEnd);
  return BLANKS.test(list) ? undefined : list;
}

const tooManyMembers = () => refuse('MSG-000009', `The body has more than ${MAX_MEMBERS} members; send fewer.`);

/** Walks a parsed value whose depth is already known to be bounded, and counts what it has. It inherits nothing, so `in` sees its own. */
function findHostile(
  value: JsonValue,
  counts: { members: number; elements: number },
  suspect: { texts: boolean; names: boolean },
): Refusal | undefined {
  if (typeof value === 'string') {
    return suspect.texts && isHostileText(value) ? refuse('MSG-000009', HOSTILE_TEXT) : undefined;
  }
  if (typeof value === 'number') return numberProblem(value);
  if (value === null || typeof value !== 'object') return undefined;
  if (Array.isArray(value)) {
    counts.elements += value.length;
    for (const element of value) {
      const problem = findHostile(element, counts, suspect);
      if (problem) return problem;
    }
    return undefined;
  }
  for (const name in value) {
    counts.members += 1;
    const member = value[name]!;
    const problem = (suspect.names && nameProblem(name, member, suspect.texts)) || findHostile(member, counts, suspect);
    if (problem) return problem;
  }
  return undefined;
}

const HOSTILE_TEXT = 'A text or member name has a NUL character or half of a surrogate pair; remove it.';

function isHostileText(text: string): boolean {
  return text.includes('\u0000') || !text.isWellFormed();
}

/** Names through which a value could reach a prototype when somebody merges it (reliability B08, B09). */
function nameProblem(name: string, member: JsonValue, checkText: boolean): Refusal | undefined {
  if (name === '__proto__') return refuse('MSG-000008', 'The member __proto__ is not allowed; remove it.');
  if (name === 'constructor' && isObject(member) && Object.hasOwn(member, 'prototype')) {
    return refuse('MSG-000008', 'The member constructor.prototype is not allowed; remove it.');
  }
  return checkText && isHostileText(name) ? refuse('MSG-000009', HOSTILE_TEXT) : undefined;
}

function numberProblem(value: number): Refusal | undefined {
  if (Number.isSafeInteger(value)) return undefined;
  if (!Number.isFinite(value)) {
    return refuse('MSG-000009', 'A number is out of range; send one under 1.8e308, or a string.');
  }
  if (!Number.isInteger(value)) return undefined;
  return refuse('MSG-000009', 'A whole number is beyond 2^53 and would lose digits; send it as a string.');
}

function isObject(value: JsonValue): value is JsonObject {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

/** The ids that a refusal of this body echoes: requestId and campaignId, where they are strings. */
export function identifiersOf(body: JsonValue): Record<string, string> {
  const identifiers: Record<string, string> = {};
  if (!isObject(body)) return identifiers;
  for (const name of ['requestId', 'campaignId']) {
    const value = Object.hasOwn(body, name) ? body[name] : undefined;
    if (typeof value === 'string') identifiers[name] = value;
  }
  return identifiers;
}

/** JSON with members sorted at every level: the same content gives the same text, whatever its order and spaces. */
export function canonicalJson(value: JsonValue | undefined): string {
  if (value === null || value === undefined) return 'null';
  if (typeof value !== 'object') return JSON.stringify(value);
  let text = '';
  if (Array.isArray(value)) {
    for (const element of value) text += `${text === '' ? '[' : ','}${canonicalJson(element)}`;
    return text === '' ? '[]' : `${text}]`;
  }
  for (const name of Object.keys(value).sort()) {
    text += `${text === '' ? '{' : ','}${JSON.stringify(name)}:${canonicalJson(value[name])}`;
  }
  return text === '' ? '{}' : `${text}}`;
}
