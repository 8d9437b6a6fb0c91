import type { JsonValue, Refusal } from '@outrigger/core';
import { refuse } from '@outrigger/core';

const MAX_DEPTH = 32;
const MAX_MEMBERS = 5_000;
const decoder = new TextDecoder('utf-8', { fatal: true });

/**
 * Reads a request body as JSON, or says why not. Stricter than JSON.parse (reliability 4.2): bytes must be UTF-8; no lone
 * surrogates or NUL (Postgres cannot hold them), no `__proto__`, no numbers that lose digits, bounded depth and members.
 */
export function readJson(body: Buffer): { value: JsonValue } | { refusal: Refusal } {
  if (body.length === 0) return { refusal: refuse('MSG-000001', 'The body is empty; send a JSON object.') };
  let text: string;
  try {
    text = decoder.decode(body);
  } catch {
    return { refusal: refuse('MSG-000009', 'The body is not valid UTF-8.') };
  }
  let value: JsonValue;
  try {
    value = JSON.parse(text) as JsonValue;
  } catch (error) {
    return { refusal: refuse('MSG-000001', `The body is not JSON: ${(error as Error).message.slice(0, 120)}`) };
  }
  const problem = findHostile(value);
  return problem ? { refusal: problem } : { value };
}

/** Walks a parsed value without recursion, so that depth cannot overflow the stack before it is refused. */
function findHostile(root: JsonValue): Refusal | undefined {
  const stack: { value: JsonValue; depth: number }[] = [{ value: root, depth: 1 }];
  let members = 0;
  while (stack.length > 0) {
    const { value, depth } = stack.pop()!;
    if (typeof value === 'string') {
      if (isHostileText(value)) return refuse('MSG-000009', 'A text has a NUL character or half of a surrogate pair.');
    } else if (typeof value === 'number') {
      if (!Number.isFinite(value)) return refuse('MSG-000009', 'A number is out of range.');
      if (Number.isInteger(value) && !Number.isSafeInteger(value)) {
        return refuse('MSG-000009', 'A whole number is beyond 2^53 and would lose digits; send it as a string.');
      }
    } else if (value !== null && typeof value === 'object') {
      if (depth > MAX_DEPTH) return refuse('MSG-000009', `The body is nested deeper than ${MAX_DEPTH} levels.`);
      const isArray = Array.isArray(value);
      for (const key of Object.keys(value)) {
        if (++members > MAX_MEMBERS) return refuse('MSG-000009', `The body has more than ${MAX_MEMBERS} members.`);
        if (!isArray) {
          if (key === '__proto__') return refuse('MSG-000008', 'The member __proto__ is not allowed.');
          if (isHostileText(key))
            return refuse('MSG-000009', 'A member name has a NUL character or half a surrogate pair.');
        }
        const member = (value as { [key: string]: JsonValue })[key]!;
        if (key === 'constructor' && !isArray && isObjectWith(member, 'prototype')) {
          return refuse('MSG-000008', 'The member constructor.prototype is not allowed.');
        }
        stack.push({ value: member, depth: depth + 1 });
      }
    }
  }
  return undefined;
}

function isHostileText(text: string): boolean {
  return text.includes('\u0000') || !text.isWellFormed();
}

function isObjectWith(value: JsonValue, name: string): boolean {
  return value !== null && typeof value === 'object' && Object.hasOwn(value, name);
}

/** JSON with members sorted at every level: the same content gives the same text, whatever its order and spaces. */
export function canonicalJson(value: JsonValue | undefined): string {
  if (value === undefined) return 'null';
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  const members = Object.keys(value)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonicalJson(value[key])}`);
  return `{${members.join(',')}}`;
}
