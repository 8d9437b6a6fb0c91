import type { Asked } from '../client.ts';
import { type Command, type Option, queryText, readNumber, readSpan, SPAN, type Typed, textOf } from '../command.ts';
import { type Problem, usage } from '../exit-codes.ts';
import { facts, shownJson, table } from '../table.ts';

export type Letter = {
  messageId: string;
  campaignId: string;
  lane: string;
  state: string;
  code: string;
  reason: string;
  provider?: string;
  detail?: string;
  attempt: number;
  possibleDuplicate: boolean;
  diedAt: string;
};
type LetterPage = { data: Letter[]; _page: { count: number; totalCount: number; next: string | null } };
type Event = { state: string; at: string; attempt: number; code?: string; provider?: string; detail?: string };
type LetterCase = Letter & {
  executionId: string;
  campaignStatus: string;
  events: Event[];
  recipient?: unknown;
  actions: { actionType: string; available: boolean; why?: string; needs?: string }[];
};

export const FILTER: Record<string, Option> = {
  campaign: { type: 'string', help: 'Only of this campaign' },
  code: { type: 'string', help: 'Only with this code, such as permanent.recipient' },
  provider: { type: 'string', help: 'Only those that this provider refused last' },
  state: { type: 'string', help: 'failed or unknown' },
  ...SPAN,
};

export type Filter = Record<string, string>;

/** The filter options as the API's filter; empty when none was given. */
export function readFilter(typed: Typed): { filter: Filter } | { problem: Problem } {
  const read = readSpan(typed);
  if ('problem' in read) return read;
  const given = {
    campaignId: textOf(typed, 'campaign'),
    code: textOf(typed, 'code'),
    provider: textOf(typed, 'provider'),
    state: textOf(typed, 'state'),
    ...read.span,
  };
  return { filter: Object.fromEntries(Object.entries(given).filter((member) => member[1] !== undefined)) as Filter };
}

export function listLetters(
  typed: Typed,
  query: Record<string, string | number | undefined>,
): Promise<Asked<LetterPage>> {
  return typed.client.control('GET', `/dead-letters${queryText(query)}`);
}

export function eventTable(events: Event[]): string {
  const rows = events.map((event) => [event.at, event.state, event.code, event.attempt, event.provider, event.detail]);
  return table(['AT', 'STATE', 'CODE', 'ATTEMPT', 'PROVIDER', 'DETAIL'], rows, 'No events.');
}

export const DLQ_COMMANDS: Command[] = [
  {
    words: ['dlq', 'list'],
    operands: '',
    summary: 'What ended badly, newest first',
    options: {
      ...FILTER,
      count: { type: 'string', help: 'How many, 1 to 200 (50)' },
      cursor: { type: 'string', help: 'The next page, as an earlier list named it' },
    },
    async run(typed) {
      const read = readFilter(typed);
      if ('problem' in read) return read;
      const count = readNumber(typed, 'count', { min: 1, max: 200, whole: true });
      if ('problem' in count) return count;
      const asked = await listLetters(typed, { ...read.filter, count: count.number, cursor: textOf(typed, 'cursor') });
      return 'problem' in asked ? asked : { body: asked.body, text: shownPage(asked.body) };
    },
  },
  {
    words: ['dlq', 'show'],
    operands: '<messageId>',
    summary: 'One dead letter: why, every attempt, the recipient, and what may be done',
    options: {},
    async run(typed) {
      const [messageId, ...more] = typed.operands;
      if (messageId === undefined || more.length > 0) return usage('Name one message: outrigger dlq show <messageId>');
      const asked = await typed.client.control<LetterCase>('GET', `/dead-letters/${encodeURIComponent(messageId)}`);
      return 'problem' in asked ? asked : { body: asked.body, text: shownCase(asked.body) };
    },
  },
];

function shownPage({ data, _page }: LetterPage): string {
  const rows = data.map((one) => [one.messageId, one.diedAt, one.lane, one.state, one.code, one.provider, one.detail]);
  const list = table(['MESSAGE', 'DIED AT', 'LANE', 'STATE', 'CODE', 'PROVIDER', 'DETAIL'], rows, 'No dead letters.');
  if (data.length === 0) return list;
  const next = _page.next === null ? '' : ` Next page: --cursor ${_page.next}`;
  return `${list}\n\n${_page.count} of ${_page.totalCount}.${next}`;
}

function shownCase(found: LetterCase): string {
  const actions = found.actions.map(({ actionType, available, why, needs }) =>
    available
      ? `${actionType.toLowerCase()}${needs ? ` (needs ${needs})` : ''}`
      : `not ${actionType.toLowerCase()}: ${why}`,
  );
  return [
    facts({
      message: found.messageId,
      execution: found.executionId,
      campaign: `${found.campaignId} (${found.campaignStatus})`,
      lane: found.lane,
      state: `${found.state}, ${found.code}: ${found.reason}`,
      provider: found.provider,
      detail: found.detail,
      'possible duplicate': found.possibleDuplicate ? 'yes' : undefined,
      'may be': actions.join('; '),
    }),
    eventTable(found.events),
    found.recipient === undefined
      ? 'The recipient is shown to keys with the scope manage.'
      : `recipient: ${found.recipient === null ? 'erased' : shownJson(found.recipient)}`,
  ].join('\n\n');
}
