import { toValue, toValueSync } from 'liquidjs';
import { FILTERS } from '../liquid/filters.ts';
import type { Expression, FilterCall, FilteredValue } from '../liquid/tree.ts';
import {
  checkTime,
  type Evaluate,
  equalsSpecial,
  isTruthy,
  OPERATORS,
  type Run,
  readKey,
  readName,
  UNSET,
} from './run.ts';

/** The template uses something only LiquidJS knows: the caller leaves the part to it. */
export class Unsupported extends Error {}

/** What names mean at a place in a template. Everything is decided while compiling; a run only indexes arrays. */
export type Names = {
  /** Variables of the loops around this place, innermost last. */
  loops: readonly { variable: string; slot: number; loop: number }[];
  /** Slots of all names that any `assign` or `capture` of the template sets. */
  assigned: ReadonlyMap<string, number>;
};

/** Names whose reading has rules of its own in Liquid. */
const SPECIAL_KEYS = new Set(['size', 'first', 'last']);

const FORLOOP: Record<string, (run: Run, loop: number) => unknown> = {
  index: (run, loop) => run.rounds[loop]! + 1,
  index0: (run, loop) => run.rounds[loop]!,
  first: (run, loop) => run.rounds[loop] === 0,
  last: (run, loop) => run.rounds[loop] === run.lengths[loop]! - 1,
  rindex: (run, loop) => run.lengths[loop]! - run.rounds[loop]!,
  rindex0: (run, loop) => run.lengths[loop]! - run.rounds[loop]! - 1,
  length: (run, loop) => run.lengths[loop]!,
};

export function compileExpression(expression: Expression, names: Names): Evaluate {
  switch (expression.kind) {
    case 'constant':
    case 'special': {
      const { value } = expression;
      return () => value;
    }
    case 'path':
      return compilePath(expression.root, expression.keys, names);
    case 'range':
      return compileRange(expression.from, expression.to, names);
    case 'not': {
      const operand = compileExpression(expression.operand, names);
      return (run) => !isTruthy(toValue(operand(run) as never));
    }
    case 'binary': {
      const operator = OPERATORS[expression.operator];
      if (!operator) throw new Unsupported(expression.operator);
      const left = compileExpression(expression.left, names);
      if (expression.right.kind === 'special' && /^[=!]=$/.test(expression.operator)) {
        const isEqual = equalsSpecial(expression.right.value);
        const wanted = expression.operator === '==';
        return (run) => isEqual(run, left(run)) === wanted;
      }
      const right = compileExpression(expression.right, names);
      return (run) => operator(run, left(run), right(run));
    }
    case 'opaque':
      throw new Unsupported('expression');
  }
}

function compileRange(from: Expression, to: Expression, names: Names): Evaluate {
  const [low, high] = [compileExpression(from, names), compileExpression(to, names)];
  return (run) => {
    const first = toValue(low(run) as never) as number;
    const last = toValue(high(run) as never) as number;
    // Charged before the array is made, with LiquidJS's formula.
    run.scope.context.memoryLimit.use(last - first + 1);
    const numbers: number[] = [];
    const end = +last + 1;
    for (let number = +first; number < end; number += 1) numbers.push(number);
    return numbers;
  };
}

function compilePath(root: string, keys: (string | number | Expression)[], names: Names): Evaluate {
  const loop = names.loops.findLast((candidate) => candidate.variable === root);
  const innermost = names.loops.at(-1);
  if (!loop && root === 'forloop' && innermost) return compileForloop(keys, innermost.loop);
  const start = loop ? readSlot(loop.slot) : compileRoot(root, names);
  if (!start) return () => undefined;
  if (keys.every((key) => typeof key === 'string' && !SPECIAL_KEYS.has(key))) return readNames(start, keys as string[]);
  const readers = keys.map((key) => compileKey(key, names));
  return (run) => {
    let value = start(run);
    for (const read of readers) value = read(run, value);
    return value;
  };
}

function readNames(start: Evaluate, keys: string[]): Evaluate {
  const [first, second, third] = keys;
  if (first === undefined) return start;
  if (second === undefined) return (run) => readName(run, start(run), first);
  if (third === undefined) return (run) => readName(run, readName(run, start(run), first), second);
  return (run) => {
    let value = start(run);
    for (const key of keys) value = readName(run, value, key);
    return value;
  };
}

function compileKey(key: string | number | Expression, names: Names): (run: Run, value: unknown) => unknown {
  if (typeof key === 'string' && !SPECIAL_KEYS.has(key)) return (run, value) => readName(run, value, key);
  if (typeof key !== 'object') return (run, value) => readKey(run, value, key);
  // Literals as keys (`a[nil]`) have uses only in tests of Liquid.
  if (key.kind !== 'path') throw new Unsupported('key');
  const evaluate = compileExpression(key, names);
  return (run, value) => readKey(run, value, toValue(evaluate(run) as never));
}

const readSlot =
  (slot: number): Evaluate =>
  (run) =>
    run.slots[slot];

/** Undefined for a name that nothing sets. */
function compileRoot(root: string, names: Names): Evaluate | undefined {
  // An unset `size` is, in LiquidJS, the size of its empty global scope.
  if (root === 'size') throw new Unsupported(root);
  const slot = names.assigned.get(root);
  const outer: Evaluate | undefined =
    root === 'profile' ? (run) => run.profile : root === 'context' ? (run) => run.context : undefined;
  if (slot === undefined) return outer;
  return (run) => {
    const value = run.slots[slot];
    return value === UNSET ? outer?.(run) : value;
  };
}

function compileForloop(keys: (string | number | Expression)[], loop: number): Evaluate {
  const [key, ...rest] = keys;
  if (rest.length > 0 || typeof key !== 'string' || !Object.hasOwn(FORLOOP, key)) throw new Unsupported('forloop');
  const read = FORLOOP[key]!;
  return (run) => read(run, loop);
}

/** A value with its filters. */
export function compileValue(value: FilteredValue, names: Names): Evaluate {
  let evaluate = compileExpression(value.initial, names);
  for (const call of value.filters) evaluate = compileFilter(evaluate, call, names);
  return evaluate;
}

type Handler = (this: unknown, ...args: unknown[]) => unknown;

function compileFilter(input: Evaluate, call: FilterCall, names: Names): Evaluate {
  const filter: unknown = FILTERS[call.name];
  const handler = (typeof filter === 'function' ? filter : (filter as { handler?: unknown } | undefined)?.handler) as
    | Handler
    | undefined;
  if (!handler) throw new Unsupported(call.name);
  const args = call.args.map(({ key, value }): Evaluate => {
    const evaluate = compileExpression(value, names);
    return key === undefined ? evaluate : (run) => [key, evaluate(run)];
  });
  if (Object.prototype.toString.call(handler) === '[object GeneratorFunction]') {
    return (run) => {
      // These look at every element and LiquidJS does not charge for it.
      checkTime(run);
      return toValueSync(handler.call(run.scope, input(run), ...args.map((arg) => arg(run))) as never);
    };
  }
  const [first] = args;
  if (!first) return (run) => handler.call(run.scope, input(run));
  if (args.length === 1) return (run) => handler.call(run.scope, input(run), first(run));
  return (run) => handler.call(run.scope, input(run), ...args.map((arg) => arg(run)));
}
