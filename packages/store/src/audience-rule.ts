import type { AudienceRule } from '@outrigger/core';

const COMPARISONS = { gt: '>', gte: '>=', lt: '<', lte: '<=' } as const;

/**
 * The rule as a condition on `profiles p`, never null. What an author wrote goes into `values` alone, as parameters; the text is
 * made of constants. Means what core's `fitsRule` says.
 */
export function ruleCondition(rule: AudienceRule, values: unknown[]): string {
  if ('and' in rule) return `(${rule.and.map((part) => ruleCondition(part, values)).join(' AND ')})`;
  if ('or' in rule) return `(${rule.or.map((part) => ruleCondition(part, values)).join(' OR ')})`;
  if ('not' in rule) return `(NOT ${ruleCondition(rule.not, values)})`;
  const parameter = (value: unknown, type: string) => `$${values.push(value)}::${type}`;
  const found = foundAt(rule.path, parameter);
  switch (rule.op) {
    case 'exists':
      return `coalesce(jsonb_typeof(${found}) <> 'null', false)`;
    case 'eq':
      return `coalesce(${found} = ${parameter(JSON.stringify(rule.value), 'jsonb')}, false)`;
    case 'ne':
      return `coalesce(${found} <> ${parameter(JSON.stringify(rule.value), 'jsonb')}, true)`;
    case 'in':
      return `coalesce(${found} = ANY (${parameter(
        rule.value.map((value) => JSON.stringify(value)),
        'jsonb[]',
      )}), false)`;
    case 'contains': {
      const element = `WHEN 'array' THEN ${found} @> jsonb_build_array(${parameter(JSON.stringify(rule.value), 'jsonb')})`;
      const piece =
        typeof rule.value === 'string'
          ? `WHEN 'string' THEN strpos(${found} #>> '{}', ${parameter(rule.value, 'text')}) > 0`
          : '';
      return `coalesce(CASE jsonb_typeof(${found}) ${element} ${piece} ELSE false END, false)`;
    }
    default: {
      // CASE, and not AND: only it keeps the cast from being tried on what is no number.
      const comparison =
        typeof rule.value === 'number'
          ? `WHEN 'number' THEN (${found})::numeric ${COMPARISONS[rule.op]} ${parameter(String(rule.value), 'numeric')}`
          : `WHEN 'string' THEN (${found} #>> '{}') COLLATE "C" ${COMPARISONS[rule.op]} ${parameter(rule.value, 'text')}`;
      return `coalesce(CASE jsonb_typeof(${found}) ${comparison} ELSE false END, false)`;
    }
  }
}

function foundAt(path: string, parameter: (value: unknown, type: string) => string): string {
  if (path === 'timeZone') return 'to_jsonb(p.time_zone)';
  if (path === 'language') return 'to_jsonb(p.language)';
  const [root, ...names] = path.split('.');
  return `(${root === 'consents' ? 'p.consents' : 'p.attributes'} #> ${parameter(names, 'text[]')})`;
}
