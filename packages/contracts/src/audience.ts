import type { AudienceRule } from '@outrigger/core';
import { z } from 'zod';
import { identity } from './profile.ts';

const MAX_DEPTH = 10;
const MAX_PARTS = 100;

const path = z
  .string()
  .max(255)
  .regex(
    /^(timeZone|language|(attributes|consents)(\.[A-Za-z_][\w-]*)+)$/,
    'must be timeZone, language, or a dotted path that begins with attributes or consents',
  );
const text = z
  .string()
  .max(1_000)
  .refine((value) => value.isWellFormed() && !value.includes('\u0000'), 'must be text that can be stored');
const number = z.number().refine(Number.isFinite, 'must be a finite number');
const scalar = z.union([text, number, z.boolean()]);

const part: z.ZodType<AudienceRule> = z
  .lazy(() =>
    z.union([
      z.strictObject({ and: z.array(part).min(1).max(MAX_PARTS) }),
      z.strictObject({ or: z.array(part).min(1).max(MAX_PARTS) }),
      z.strictObject({ not: part }),
      z.strictObject({ path, op: z.literal('exists') }),
      z.strictObject({ path, op: z.enum(['eq', 'ne']), value: scalar }),
      z.strictObject({ path, op: z.literal('in'), value: z.array(scalar).min(1).max(1_000) }),
      z.strictObject({ path, op: z.enum(['gt', 'gte', 'lt', 'lte']), value: z.union([text, number]) }),
      z.strictObject({ path, op: z.literal('contains'), value: scalar }),
    ]),
  )
  .meta({ id: 'AudienceRulePart' });

/** Who belongs to an audience (core's `AudienceRule`): bounded in depth and size, so that it can be asked of every profile. */
export const audienceRule = part
  .refine((rule) => depthOf(rule) <= MAX_DEPTH, `must not be nested deeper than ${MAX_DEPTH} levels`)
  .refine((rule) => partsOf(rule) <= MAX_PARTS, `must not have more than ${MAX_PARTS} parts`)
  .meta({ id: 'AudienceRule' });

function insideOf(rule: AudienceRule): AudienceRule[] {
  if ('and' in rule) return rule.and;
  if ('or' in rule) return rule.or;
  return 'not' in rule ? [rule.not] : [];
}

function depthOf(rule: AudienceRule): number {
  return 1 + Math.max(0, ...insideOf(rule).map(depthOf));
}

function partsOf(rule: AudienceRule): number {
  return insideOf(rule).reduce((sum, inner) => sum + partsOf(inner), 1);
}

const name = z
  .string()
  .min(1)
  .max(255)
  .regex(/^\P{Cc}+$/u, 'must not have control characters')
  .regex(/\S/, 'must not be blank');

/** `POST` and `PUT` of an audience: with a rule it is who fits it, without one a list of members. */
export const audienceInput = z.strictObject({
  name,
  description: z.string().max(2_000).default(''),
  rule: audienceRule.optional(),
});

/** Members to add to a list and to take from it, by any of their identities. */
export const membersInput = z
  .strictObject({ add: z.array(identity).max(1_000).default([]), remove: z.array(identity).max(1_000).default([]) })
  .refine(({ add, remove }) => add.length + remove.length > 0, 'must add or remove somebody');

export const previewInput = z.strictObject({ rule: audienceRule });
