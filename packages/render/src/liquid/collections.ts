/** Filters over arrays and objects (spec 13.2). Data is hostile: everything is total, and charged before the work. */
import type { FilterScope } from './date.ts';

function listOf(scope: FilterScope, value: unknown): unknown[] {
  const list = Array.isArray(value) ? value : value === undefined || value === null ? [] : [value];
  scope.context.memoryLimit.use(list.length);
  return list;
}

/** Context values are untyped strings (spec 13.1): what reads as a number is one, the rest is left out. */
function numbersOf(scope: FilterScope, value: unknown): number[] {
  return listOf(scope, value)
    .filter((one) => typeof one === 'number' || (typeof one === 'string' && one.trim() !== ''))
    .map(Number)
    .filter((number) => !Number.isNaN(number));
}

/** Liquid `average`; nothing for an array without numbers. */
export function average(this: FilterScope, value: unknown): number | undefined {
  const numbers = numbersOf(this, value);
  return numbers.length === 0 ? undefined : numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
}

/** Liquid `min`: the smallest number of an array. */
export function min(this: FilterScope, value: unknown): number | undefined {
  return extreme(numbersOf(this, value), (a, b) => a < b);
}

/** Liquid `max`: the largest number of an array. */
export function max(this: FilterScope, value: unknown): number | undefined {
  return extreme(numbersOf(this, value), (a, b) => a > b);
}

function extreme(numbers: number[], isBetter: (a: number, b: number) => boolean): number | undefined {
  let best = numbers[0];
  for (const number of numbers) if (isBetter(number, best!)) best = number;
  return best;
}

/** Liquid `bottom: n`: the n smallest numbers of an array, in order. */
export function bottom(this: FilterScope, value: unknown, count: unknown = 1): number[] {
  return numbersOf(this, value)
    .sort((a, b) => a - b)
    .slice(0, wholeOf(count));
}

/** Liquid `top: n`: the n largest numbers of an array, in order. */
export function top(this: FilterScope, value: unknown, count: unknown = 1): number[] {
  return numbersOf(this, value)
    .sort((a, b) => b - a)
    .slice(0, wholeOf(count));
}

const wholeOf = (count: unknown) => Math.max(0, Math.trunc(Number(count)) || 0);

/** Liquid `includes: item`: whether an array has the item. */
export function includes(this: FilterScope, value: unknown, item: unknown): boolean {
  return listOf(this, value).includes(item);
}

/** Liquid `intersects: other`: whether two arrays share an item. */
export function intersects(this: FilterScope, value: unknown, other: unknown): boolean {
  const items = new Set(listOf(this, other));
  return listOf(this, value).some((item) => items.has(item));
}

/** Liquid `subset_of: other`: whether the other array has every item. */
export function subsetOf(this: FilterScope, value: unknown, other: unknown): boolean {
  const items = new Set(listOf(this, other));
  return listOf(this, value).every((item) => items.has(item));
}

/** Liquid `keys`: the names of an object's own members. */
export function keys(this: FilterScope, value: unknown): string[] {
  return Object.keys(membersOf(this, value));
}

/** Liquid `values`: what an object's own members hold. */
export function values(this: FilterScope, value: unknown): unknown[] {
  return Object.values(membersOf(this, value));
}

/** Plain data alone: LiquidJS's own objects (`forloop`, ranges) give nothing away. */
function membersOf(scope: FilterScope, value: unknown): object {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return {};
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return {};
  scope.context.memoryLimit.use(Object.keys(value).length);
  return value;
}
