import { CAMPAIGN_STATUSES, type CampaignStatus, isUuid, type Refusal, refuse, UNSEEN_STATUSES } from '@outrigger/core';
import {
  CAMPAIGN_FIELDS,
  type CampaignCondition,
  type CampaignField,
  type CampaignOrder,
  kindOfField,
} from '@outrigger/store';
import type { Request } from 'express';
import type { ListQuery } from './list-envelope.ts';
import { readPage } from './page.ts';

/** Without a filter on the status a list shows what is worked on and what serves (spec 5.1). */
const DEFAULT_STATUSES: CampaignStatus[] = ['DRAFT', 'SCHEDULED', 'LIVE'];
const MAX_CONDITIONS = 20;
/** Fields of the compatible model that have one value here. */
const CONSTANTS: Record<string, string> = { campaignClass: 'regular', campaignType: 'ApiTriggered' };

export type CampaignQuery = ListQuery & {
  conditions: CampaignCondition[];
  statuses?: CampaignStatus[];
  order?: CampaignOrder;
  full: boolean;
  actions: boolean;
  /** The filter asks for what no campaign here is. */
  nothing: boolean;
};

const invalid = (message: string) => ({ refusal: refuse('MSG-000009', message) });

/** `count`, `page`, `orderby`, `property`, `full` and `actions` of a list of campaigns (spec 2.4). */
export function readCampaignQuery(req: Request): CampaignQuery | { refusal: Refusal } {
  const paged = readPage(req, 50);
  if ('refusal' in paged) return paged;
  const [full, actions] = [readFlag(req.query.full, false), readFlag(req.query.actions, true)];
  if (full === undefined || actions === undefined) return invalid('full and actions are true or false.');
  const order = readOrder(req.query.orderby);
  if (order && 'refusal' in order) return order;
  const property = textList(req.query.property);
  if (!property) return invalid('property is text, such as name=like="order".');
  const filter = readFilter(property);
  if ('refusal' in filter) return filter;
  // Ours, shorter than property=name=like=.
  const name = req.query.name;
  const conditions: CampaignCondition[] =
    typeof name === 'string' && name !== ''
      ? [...filter.conditions, { field: 'name', operator: 'like', values: [name.slice(0, 200)] }]
      : filter.conditions;
  const byStatus = conditions.some(({ field }) => field === 'status');
  return {
    ...paged,
    ...(order && { order: order.order, orderby: order.orderby }),
    property,
    conditions,
    ...(!byStatus && { statuses: DEFAULT_STATUSES }),
    full,
    actions,
    nothing: filter.nothing,
  };
}

function readFlag(value: unknown, fallback: boolean): boolean | undefined {
  if (value === undefined) return fallback;
  return value === 'true' ? true : value === 'false' ? false : undefined;
}

function readOrder(value: unknown): { order: CampaignOrder; orderby: string } | { refusal: Refusal } | undefined {
  if (value === undefined) return undefined;
  const match = typeof value === 'string' ? /^([-+]?)(\w+)$/.exec(value) : null;
  const field = match && CAMPAIGN_FIELDS.find((one) => one === match[2] && one !== 'tags');
  if (!match || !field) {
    const names = CAMPAIGN_FIELDS.filter((one) => one !== 'tags').join(', ');
    return invalid(`orderby is one of ${names}, with - before it for the other way round.`);
  }
  return { order: { field: field as CampaignOrder['field'], descending: match[1] === '-' }, orderby: value as string };
}

function textList(value: unknown): string[] | undefined {
  const list = value === undefined ? [] : Array.isArray(value) ? value : [value];
  return list.every((one) => typeof one === 'string' && one.length <= 1_000) ? (list as string[]) : undefined;
}

const CONDITION =
  /\s*(\w+)\s*(=like=|=in=|=lt=|=gt=|==|!=|=|<|>)\s*("(?:[^"\\]|\\.)*"|\((?:[^()"]|"(?:[^"\\]|\\.)*")*\)|[^;"()=<>!\s][^;"()]*)\s*(?:;|$)/y;
const OPERATORS: Record<string, CampaignCondition['operator']> = {
  '==': 'equals',
  '=': 'equals',
  '=in=': 'equals',
  '!=': 'differs',
  '=like=': 'like',
  '<': 'before',
  '=lt=': 'before',
  '>': 'after',
  '=gt=': 'after',
};

function readFilter(property: string[]): { conditions: CampaignCondition[]; nothing: boolean } | { refusal: Refusal } {
  const conditions: CampaignCondition[] = [];
  let nothing = false;
  for (const text of property) {
    for (let at = 0; at < text.length; at = CONDITION.lastIndex) {
      CONDITION.lastIndex = at;
      const match = CONDITION.exec(text);
      if (!match) return invalid(`property: "${text.slice(at, at + 60)}" is no condition such as name=like="order".`);
      const [, name, sign, written] = match;
      const values = valuesOf(written!);
      const operator = OPERATORS[sign!]!;
      if (Object.hasOwn(CONSTANTS, name!)) {
        const fits =
          values.includes(CONSTANTS[name!]!) || (operator === 'like' && CONSTANTS[name!]!.includes(values[0]!));
        if (fits === (operator === 'differs')) nothing = true;
        continue;
      }
      const field = CAMPAIGN_FIELDS.find((one) => one === name);
      if (!field) return invalid(`property: there is no ${name}; use one of ${CAMPAIGN_FIELDS.join(', ')}.`);
      const problem = problemOf(field, operator, values);
      if (problem !== undefined) return invalid(`property: ${problem}`);
      conditions.push({ field, operator, values });
      if (conditions.length > MAX_CONDITIONS) return invalid(`property: at most ${MAX_CONDITIONS} conditions.`);
    }
  }
  return { conditions, nothing };
}

function valuesOf(written: string): string[] {
  const text = written.trim();
  if (!text.startsWith('(')) return [unquoted(text)];
  return [...text.slice(1, -1).matchAll(/"(?:[^"\\]|\\.)*"|[^,\s"][^,"]*/g)].map(([one]) => unquoted(one.trim()));
}

function unquoted(text: string): string {
  return text.startsWith('"') ? text.slice(1, -1).replace(/\\(.)/g, '$1') : text;
}

/** Why the value cannot be compared with the field, so that a wrong filter is told and never becomes a failure of the ledger. */
function problemOf(
  field: CampaignField,
  operator: CampaignCondition['operator'],
  values: string[],
): string | undefined {
  const kind = kindOfField(field);
  if (values.length === 0 || values.length > 100) return `${field} needs 1 to 100 values.`;
  if (values.some((value) => value.includes('\u0000'))) return `${field} has a value with a NUL.`;
  const textual = kind === 'text' || kind === 'list';
  if (operator === 'like' && !textual) return `${field} cannot be searched with =like=.`;
  if ((operator === 'before' || operator === 'after') && kind !== 'instant') return `${field} has no order.`;
  if (kind === 'id' && !values.every(isUuid)) return `${field} is an id of ours (a uuid in lower case).`;
  if (kind === 'boolean' && !values.every((value) => /^(true|false)$/.test(value))) return `${field} is true or false.`;
  if (
    kind === 'instant' &&
    !values.every((value) => /^\d{4}-\d\d-\d\d/.test(value) && !Number.isNaN(Date.parse(value)))
  ) {
    return `${field} is an instant such as 2031-05-04T03:00:00Z.`;
  }
  const known: readonly string[] = [...CAMPAIGN_STATUSES, ...UNSEEN_STATUSES];
  if (field === 'status' && operator !== 'like' && !values.every((value) => known.includes(value))) {
    return `status is one of ${known.join(', ')}.`;
  }
  return undefined;
}
