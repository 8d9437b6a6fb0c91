import { type Refusal, refuse } from '@outrigger/core';

export type PropertyFilter = { createdFrom?: number; createdTo?: number; nothing?: true };

const PROPERTY = /^(creationdate|createtime|channel)\s*(==|=|!=|<=|>=|<|>)\s*(.{1,100})$/;

/**
 * Reads `property` filters: bounds of the creation date (in the unit of the list), and the channel. These lists are about
 * email, so any other channel finds nothing.
 */
export function parsePropertyFilters(texts: string[]): { filter: PropertyFilter } | { refusal: Refusal } {
  const filter: PropertyFilter = {};
  for (const text of texts) {
    const [, name, operator, value = ''] = PROPERTY.exec(text) ?? [];
    if (name === 'channel' && (operator === '=' || operator === '==')) {
      if (value.toLowerCase() !== 'email') filter.nothing = true;
      continue;
    }
    if (name === undefined || name === 'channel' || operator === '!=' || !/^\d{1,15}$/.test(value)) {
      const title = 'property must be creationdate with <, <=, >, >= or == and a number, or channel== with a name.';
      return { refusal: refuse('MSG-000009', title) };
    }
    const bound = Number(value);
    if (operator !== '<' && operator !== '<=') filter.createdFrom = higher(filter.createdFrom, bound, operator === '>');
    if (operator !== '>' && operator !== '>=') filter.createdTo = lower(filter.createdTo, bound, operator === '<');
  }
  return { filter };
}

const higher = (present: number | undefined, bound: number, exclusive: boolean) =>
  Math.max(present ?? 0, exclusive ? bound + 1 : bound);
const lower = (present: number | undefined, bound: number, exclusive: boolean) =>
  Math.min(present ?? Number.MAX_SAFE_INTEGER, exclusive ? bound - 1 : bound);
