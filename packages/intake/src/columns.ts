import { CONSENT_VALUES, type JsonObject, type JsonValue } from '@outrigger/core';
import { BadFile } from './bad-file.ts';

/** A row on its way to the body of a profile. */
type Draft = { identities: JsonObject[]; pushTokens: JsonObject[] } & JsonObject;
/** Puts a cell where it belongs; returns what is wrong with it. Empty cells never get here: they say nothing. */
type Column = (draft: Draft, cell: string) => string | undefined;

const PATH = /^[A-Za-z_][\w-]*(\.[A-Za-z_][\w-]*)*$/;
const UNSAFE = new Set(['__proto__', 'constructor', 'prototype']);
/** What a cell is read as. */
export const CELL_TYPES: Record<string, (cell: string) => JsonValue | undefined> = {
  string: (cell) => cell,
  number: (cell) => (/^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(cell) ? finite(Number(cell)) : undefined),
  boolean: (cell) => ({ true: true, false: false })[cell],
};

/**
 * Makes of a heading line what turns a row into the body of a profile. A heading is a member's path (docs/importing.md), or is
 * named in `mapping`; null there leaves the column out.
 */
export function createColumns(headings: string[], mapping: Record<string, string | null>) {
  const seen = new Set<string>();
  const columns = headings.map((heading): Column | undefined => {
    const name = heading.trim();
    const meaning = Object.hasOwn(mapping, name) ? mapping[name]! : name;
    if (meaning === null) return undefined;
    if (seen.has(meaning)) throw new BadFile('CSV-000004', `Two columns mean ${shown(meaning)}.`);
    seen.add(meaning);
    const column = columnOf(meaning);
    if (!column)
      throw new BadFile('CSV-000004', `The column ${shown(name)} means nothing to us; map it, or leave it out.`);
    return column;
  });
  if (![...seen].some((meaning) => /^(email|phone|identity\..*)$/.test(meaning))) {
    throw new BadFile('CSV-000004', 'No column says who a row is: email, phone or identity.<namespace>.');
  }

  return function bodyOf(cells: string[]): { body: JsonObject } | { problem: string } {
    if (cells.length !== columns.length) return { problem: `has ${cells.length} cells instead of ${columns.length}` };
    const draft: Draft = { identities: [], pushTokens: [] };
    for (const [place, cell] of cells.entries()) {
      if (cell === '') continue;
      const problem = columns[place]?.(draft, cell);
      if (problem !== undefined) return { problem: `${shown(headings[place]!)}: ${problem}` };
    }
    const { pushTokens, ...body } = draft;
    return { body: pushTokens.length > 0 ? { ...body, pushTokens } : body };
  };
}

function columnOf(meaning: string): Column | undefined {
  if (meaning === 'email' || meaning === 'phone') return identityColumn(meaning);
  if (meaning === 'timeZone' || meaning === 'language') return (draft, cell) => put(draft, [meaning], cell);
  const [root, rest] = [meaning.slice(0, meaning.indexOf('.')), meaning.slice(meaning.indexOf('.') + 1)];
  switch (root) {
    case 'identity':
      return /^[A-Za-z][\w.-]{0,63}$/.test(rest) ? identityColumn(rest) : undefined;
    case 'attributes':
      return attributeColumn(rest);
    case 'consents':
      return /^marketing\.(any|email|sms|push)\.val$/.test(rest) ? consentColumn(meaning.split('.')) : undefined;
    case 'push':
      return pushColumn(rest);
    default:
      return undefined;
  }
}

const identityColumn =
  (namespace: string): Column =>
  (draft, cell) => {
    draft.identities.push({ namespace, value: cell });
    return undefined;
  };

function attributeColumn(text: string): Column | undefined {
  const [path = '', type = 'string', ...more] = text.split(':');
  const convert = Object.hasOwn(CELL_TYPES, type) ? CELL_TYPES[type] : undefined;
  const names = namesOf(path);
  if (more.length > 0 || !convert || !names) return undefined;
  return (draft, cell) => {
    const value = convert(cell);
    return value === undefined ? `is no ${type}` : put(draft, ['attributes', ...names], value);
  };
}

/** A choice is one of the published values, never guessed from a yes or a 1 (reliability H17). */
const consentColumn =
  (names: string[]): Column =>
  (draft, cell) =>
    (CONSENT_VALUES as readonly string[]).includes(cell)
      ? put(draft, names, cell)
      : `must be one of ${CONSENT_VALUES.join(', ')}`;

/** `push.fcm.<app id>`: app ids have dots. */
function pushColumn(text: string): Column | undefined {
  const match = /^(apns|apnsSandbox|fcm)\.(.{1,255})$/.exec(text);
  if (!match) return undefined;
  const [, platform, appID] = match as unknown as [string, string, string];
  return (draft, cell) => {
    draft.pushTokens.push({ appID, platform, token: cell });
    return undefined;
  };
}

/** The members on the way to a value, or undefined for what is no path. */
export function namesOf(path: string): string[] | undefined {
  const names = path.split('.');
  return PATH.test(path) && !names.some((name) => UNSAFE.has(name)) ? names : undefined;
}

/** Sets a value deep inside; returns what is in its way. */
export function put(draft: JsonObject, names: string[], value: JsonValue): string | undefined {
  let object = draft;
  for (const name of names.slice(0, -1)) {
    object[name] ??= {};
    const inner = object[name];
    if (inner === null || typeof inner !== 'object' || Array.isArray(inner))
      return 'another column has a value on its way';
    object = inner;
  }
  const last = names.at(-1)!;
  if (object[last] !== undefined) return 'another column has values below it';
  object[last] = value;
  return undefined;
}

const finite = (number: number) => (Number.isFinite(number) ? number : undefined);
const shown = (text: string) => JSON.stringify(text.slice(0, 60));
