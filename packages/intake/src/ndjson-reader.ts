import { readJson } from '@outrigger/contracts';
import type { JsonValue } from '@outrigger/core';

export type JsonRow = { line: number; value: JsonValue } | { line: number; problem: string };

const MAX_LINE = 262_144;

/** Reads one JSON value a line, piece by piece. A line that is none, or is too long, costs itself alone; empty ones are left out. */
export function createNdjsonReader() {
  let line = 0;
  let rest = '';
  let tooLong = false;

  function rowOf(text: string): JsonRow[] {
    line++;
    const long = tooLong || text.length > MAX_LINE;
    tooLong = false;
    if (long) return [{ line, problem: `is longer than ${MAX_LINE} characters` }];
    if (text.trim() === '') return [];
    const json = readJson(Buffer.from(text));
    return ['refusal' in json ? { line, problem: json.refusal.title } : { line, value: json.value }];
  }

  return {
    push(text: string): JsonRow[] {
      const parts = (rest + text).split('\n');
      rest = parts.pop()!;
      const rows = parts.flatMap((part) => rowOf(part.endsWith('\r') ? part.slice(0, -1) : part));
      if (rest.length > MAX_LINE) {
        tooLong = true;
        rest = '';
      }
      return rows;
    },
    end(): JsonRow[] {
      const last = rest;
      rest = '';
      return last === '' && !tooLong ? [] : rowOf(last);
    },
  };
}
