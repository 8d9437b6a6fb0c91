import type { Consents } from './consent.ts';
import type { JsonObject, JsonValue } from './recipient.ts';
import { valueAt } from './recipient.ts';

/** What a rule compares with: values without members. */
export type RuleScalar = string | number | boolean;

/**
 * Who belongs to an audience, as a formula over the profile. Paths begin with `attributes.` or `consents.`, or are `timeZone`
 * or `language`.
 */
export type AudienceRule =
  | { and: AudienceRule[] }
  | { or: AudienceRule[] }
  | { not: AudienceRule }
  | { path: string; op: 'exists' }
  | { path: string; op: 'eq' | 'ne'; value: RuleScalar }
  | { path: string; op: 'in'; value: RuleScalar[] }
  | { path: string; op: 'gt' | 'gte' | 'lt' | 'lte'; value: string | number }
  | { path: string; op: 'contains'; value: RuleScalar };

/** The part of a profile that rules see. */
export type RuleSubject = {
  attributes: JsonObject;
  consents: Consents;
  timeZone: string | null;
  language: string | null;
};

/**
 * Whether a profile fits a rule. This is the meaning of rules: the SQL that the store makes of them is held to it by a test.
 * A value that is not there, or of another type than the one compared with, makes every comparison false, so `ne` is true.
 */
export function fitsRule(rule: AudienceRule, subject: RuleSubject): boolean {
  if ('and' in rule) return rule.and.every((part) => fitsRule(part, subject));
  if ('or' in rule) return rule.or.some((part) => fitsRule(part, subject));
  if ('not' in rule) return !fitsRule(rule.not, subject);
  const found = subjectValue(subject, rule.path);
  switch (rule.op) {
    case 'exists':
      return found !== undefined && found !== null;
    case 'eq':
      return found === rule.value;
    case 'ne':
      return found !== rule.value;
    case 'in':
      return rule.value.some((value) => found === value);
    case 'contains':
      if (Array.isArray(found)) return found.some((element) => element === rule.value);
      return typeof found === 'string' && typeof rule.value === 'string' && found.includes(rule.value);
    default:
      return compares(found, rule.op, rule.value);
  }
}

function subjectValue(subject: RuleSubject, path: string): JsonValue | undefined {
  if (path === 'timeZone') return subject.timeZone ?? undefined;
  if (path === 'language') return subject.language ?? undefined;
  const [root, rest] = [path.slice(0, path.indexOf('.')), path.slice(path.indexOf('.') + 1)];
  return valueAt(root === 'consents' ? (subject.consents as JsonObject) : subject.attributes, rest);
}

function compares(found: JsonValue | undefined, op: 'gt' | 'gte' | 'lt' | 'lte', value: string | number): boolean {
  const order = orderOf(found, value);
  if (order === undefined) return false;
  return { gt: order > 0, gte: order >= 0, lt: order < 0, lte: order <= 0 }[op];
}

/** Numbers by size, texts by code point; a number and a text have no order. */
function orderOf(found: JsonValue | undefined, value: string | number): number | undefined {
  if (typeof found === 'number' && typeof value === 'number') return found - value;
  if (typeof found !== 'string' || typeof value !== 'string') return undefined;
  const [one, other] = [[...found], [...value]];
  for (let at = 0; at < one.length && at < other.length; at++) {
    const difference = one[at]!.codePointAt(0)! - other[at]!.codePointAt(0)!;
    if (difference !== 0) return difference;
  }
  return one.length - other.length;
}
