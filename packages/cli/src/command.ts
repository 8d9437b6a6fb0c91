import type { ParseArgsOptionDescriptor } from 'node:util';
import type { Client } from './client.ts';
import { type Problem, usage } from './exit-codes.ts';
import { readInstant } from './instant.ts';

/** What was typed after the command's words. */
export type Typed = {
  operands: string[];
  options: { [name: string]: string | boolean | undefined };
  client: Client;
  nowMs: number;
  /** Tells how a long command gets on; `line` takes the place of the one before. */
  progress(line: string): void;
};

/** What a command found: the service's answer for scripts, and the same for a person. */
export type Report = { body: unknown; text: string; exitCode?: number };

export type Option = ParseArgsOptionDescriptor & { help: string };

export type Described = {
  words: string[];
  operands: string;
  summary: string;
  /** Paragraphs below the usage line. */
  help?: string;
  options: Record<string, Option>;
};

/** A command that asks our services, in the name of a key. */
export type Command = Described & { run(typed: Typed): Promise<Report | { problem: Problem }> };

/** A command that needs no service and no key. */
export type StandaloneCommand = Described & {
  runStandalone(typed: {
    options: { [name: string]: string | boolean | (string | boolean)[] | undefined };
    env: NodeJS.ProcessEnv;
  }): Promise<Report | { problem: Problem }>;
};

export const YES: Record<string, Option> = {
  yes: { type: 'boolean', help: 'Do it: without this a mass change only says what it would do' },
};

export const SPAN: Record<string, Option> = {
  from: { type: 'string', help: 'Since then: an instant with its zone, or an age such as 30m, 2h, 7d' },
  to: { type: 'string', help: 'Until then (exclusive)' },
};

export function textOf(typed: Typed, name: string): string | undefined {
  const value = typed.options[name];
  return typeof value === 'string' ? value : undefined;
}

/** `--from` and `--to` as instants. */
export function readSpan(typed: Typed): { span: { from?: string; to?: string } } | { problem: Problem } {
  const span: { from?: string; to?: string } = {};
  for (const name of ['from', 'to'] as const) {
    const text = textOf(typed, name);
    if (text === undefined) continue;
    const at = readInstant(text, typed.nowMs);
    if (at === undefined)
      return usage(`--${name} must be an instant such as 2031-05-04T03:00:00Z or an age such as 2h.`);
    span[name] = at;
  }
  return { span };
}

/** A number option in its range. */
export function readNumber(
  typed: Typed,
  name: string,
  range: { min: number; max: number; whole?: boolean },
): { number: number | undefined } | { problem: Problem } {
  const text = textOf(typed, name);
  if (text === undefined) return { number: undefined };
  const number = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  const fits = number >= range.min && number <= range.max && (!range.whole || Number.isInteger(number));
  return fits
    ? { number }
    : usage(`--${name} must be a ${range.whole ? 'whole ' : ''}number from ${range.min} to ${range.max}.`);
}

export function queryText(members: Record<string, string | number | undefined>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(members)) if (value !== undefined) query.set(name, String(value));
  return query.size === 0 ? '' : `?${query}`;
}
