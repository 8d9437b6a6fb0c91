/**
 * What compiled templates share while they run. Values follow LiquidJS to the letter; where a value is one of its
 * special objects (`nil`, `empty`, `blank`), its own functions decide.
 */

import { type JsonObject, jsonInJson } from '@outrigger/core';
import { Context, Drop, defaultOperators, type Liquid, toValue, toValueSync } from 'liquidjs';
import { LIMITS } from '../liquid/limits.ts';
import { type Noted, note } from '../liquid/metadata.ts';
import { escapesOf, IN_HTML, IN_JSON } from './characters.ts';

/** One render. Instructions write to `out`. */
export type Run = {
  out: string;
  /** Whether `out` gets everything as `jsonInJson` gives it. */
  inJson: boolean;
  readonly profile: JsonObject;
  readonly context: JsonObject;
  /** Loop items and assigned variables, by the number the compiler gave them. */
  readonly slots: unknown[];
  /** Per loop: rounds done and rounds in all. */
  readonly rounds: number[];
  readonly lengths: number[];
  /** 0 go on, 1 `break`, 2 `continue`. */
  signal: 0 | 1 | 2;
  steps: number;
  /** What `metadata` tags note into, where somebody wants to know. */
  readonly noted: Noted | undefined;
  readonly maxCharacters: number;
  /** `this` of filters. */
  readonly scope: { context: Context; liquid: Liquid; token: undefined };
};

export type Instruction = (run: Run) => void;
export type Evaluate = (run: Run) => unknown;

/** A limit stopped the render; the reference would stop as well, so it is not asked. */
export class LimitError extends Error {}

export function startRun(
  engine: Liquid,
  data: { profile: JsonObject; context: JsonObject },
  sizes: { slots: number; loops: number },
  maxCharacters: number,
  inJson: boolean,
  noted: Noted | undefined,
): Run {
  const context = new Context({}, engine.options, { sync: true }, { liquid: engine });
  return {
    out: '',
    inJson,
    profile: data.profile,
    context: data.context,
    slots: new Array(sizes.slots).fill(UNSET),
    rounds: new Array(sizes.loops).fill(0),
    lengths: new Array(sizes.loops).fill(0),
    signal: 0,
    steps: 0,
    noted,
    maxCharacters,
    scope: { context, liquid: engine, token: undefined },
  };
}

/** Writes a text that data gave. */
export function print(run: Run, text: string): void {
  run.out += run.inJson && escapesOf(text) & IN_JSON ? jsonInJson(text) : text;
}

/** What a `metadata` tag does. */
export function noteIn(run: Run, key: string, value: unknown): void {
  if (run.noted) note(run.noted, key, value);
}

/** Writes a text that data gave escaped for HTML, and charges it like LiquidJS's `escape`. */
export function printInHtml(run: Run, text: string): void {
  run.scope.context.memoryLimit.use(text.length);
  const escapes = escapesOf(text);
  const html = escapes & IN_HTML ? text.replace(/[&<>"']/g, (character) => ESCAPES[character]!) : text;
  run.out += run.inJson && escapes & IN_JSON ? jsonInJson(html) : html;
}

const ESCAPES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&#34;', "'": '&#39;' };

/** A variable that no `assign` or `capture` has reached yet. */
export const UNSET = Symbol('unset');

/** Counts a loop round and stops what runs too long or writes too much. */
export function countStep(run: Run): void {
  run.steps += 1;
  if (run.steps > LIMITS.steps) throw new LimitError(`The loops run more than ${LIMITS.steps} rounds.`);
  if (run.out.length > run.maxCharacters)
    throw new LimitError(`The output is larger than ${run.maxCharacters} characters.`);
  if ((run.steps & 1023) === 0) checkTime(run);
}

export function checkTime(run: Run): void {
  run.scope.context.renderLimit.check(performance.now());
}

const hasOwn = Object.prototype.hasOwnProperty;

/** A property by a name that is known to have no meaning of its own (not `size`, `first`, `last`). Own properties only. */
export function readName(run: Run, value: unknown, name: string): unknown {
  if (value === null || value === undefined) return value;
  if (hasOwn.call(value, name)) {
    const property = (value as Record<string, unknown>)[name];
    return typeof property === 'function' ? undefined : property;
  }
  return value instanceof Drop ? run.scope.context.readProperty(value as never, name) : undefined;
}

/** A property by any key, as LiquidJS reads it. */
export function readKey(run: Run, value: unknown, key: unknown): unknown {
  return run.scope.context.readProperty(value as never, key as never);
}

export function isTruthy(value: unknown): boolean {
  return value !== false && value !== undefined && value !== null;
}

type Operator = (left: unknown, right: unknown, context: Context) => unknown;

/** Whether LiquidJS's own operator must decide: special objects, arrays, things that are neither. */
function isIntricate(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

function reference(name: string): (run: Run, left: unknown, right: unknown) => unknown {
  const operator = (defaultOperators as Record<string, Operator>)[name]!;
  return (run, left, right) => toValueSync(operator(left, right, run.scope.context) as never);
}

const equalsByReference = reference('==');

/** `==` of a text and one of LiquidJS's special objects, which are asked once: what they say of a text hangs on it being blank. */
export function equalsSpecial(special: object): (run: Run, value: unknown) => boolean {
  let empty: boolean | undefined;
  let blank = false;
  let visible = false;
  return (run, value) => {
    if (typeof value !== 'string') return equals(run, value, special);
    if (empty === undefined)
      [empty, blank, visible] = [equals(run, '', special), equals(run, ' ', special), equals(run, 'a', special)];
    if (value === '') return empty;
    return value.trim() === '' ? blank : visible;
  };
}
/** Liquid `==`. */
export function equals(run: Run, left: unknown, right: unknown): boolean {
  if (isIntricate(left) || isIntricate(right)) return equalsByReference(run, left, right) === true;
  return left === right;
}

type Primitive = string | number | boolean | undefined | null;
function ordering(name: string, compare: (left: Primitive, right: Primitive) => boolean) {
  const byReference = reference(name);
  return (run: Run, left: unknown, right: unknown): unknown =>
    isIntricate(left) || isIntricate(right)
      ? byReference(run, left, right)
      : compare(left as Primitive, right as Primitive);
}

const containsByReference = reference('contains');
/** The binary operators; `and` and `or` evaluate both sides, as in LiquidJS. */
export const OPERATORS: Readonly<Record<string, (run: Run, left: unknown, right: unknown) => unknown>> = Object.freeze({
  __proto__: null,
  '==': equals,
  '!=': (run: Run, left: unknown, right: unknown) => !equals(run, left, right),
  '>': ordering('>', (left, right) => left! > right!),
  '<': ordering('<', (left, right) => left! < right!),
  '>=': ordering('>=', (left, right) => left! >= right!),
  '<=': ordering('<=', (left, right) => left! <= right!),
  contains: (run: Run, left: unknown, right: unknown) =>
    typeof left === 'string' && typeof right === 'string'
      ? left.includes(right)
      : containsByReference(run, left, right),
  and: (_: Run, left: unknown, right: unknown) => isTruthy(toValue(left as never)) && isTruthy(toValue(right as never)),
  or: (_: Run, left: unknown, right: unknown) => isTruthy(toValue(left as never)) || isTruthy(toValue(right as never)),
} as unknown as Record<string, (run: Run, left: unknown, right: unknown) => unknown>);

/** What `for` walks over: arrays, a text as its only element, an object as pairs of key and value. */
export function enumerable(value: unknown): unknown[] {
  const plain: unknown = toValue(value as never);
  if (Array.isArray(plain)) return plain;
  if (typeof plain === 'string') return plain === '' ? [] : [plain];
  if (typeof plain !== 'object' || plain === null) return [];
  return Object.entries(plain);
}
