import { type Command, queryText, readNumber, textOf } from '../command.ts';
import { usage } from '../exit-codes.ts';
import { facts, table } from '../table.ts';

type Webhook = {
  name: string;
  url: string;
  channels: string[];
  events: string[];
  authentication: { type: string };
  delivery: {
    failuresInARow: number;
    pausedUntil: string | null;
    goneAt: string | null;
    lastProblem: string | null;
    lastSuccessAt: string | null;
  };
};
type Letter = { eventId: string; attempts: number; problem: string; firstFailedAt: string; diedAt: string };
type LetterPage = { data: Letter[]; _page: { count: number; totalCount: number; next: string | null } };

export const WEBHOOK_COMMANDS: Command[] = [
  {
    words: ['webhook', 'show'],
    operands: '',
    summary: 'The webhook of the sandbox, and how it fares',
    options: {},
    async run({ client }) {
      const asked = await client.control<Webhook>('GET', '/settings/webhook');
      if ('problem' in asked) return asked;
      const { name, url, channels, events, authentication, delivery } = asked.body;
      const text = facts({
        name,
        url,
        channels: channels.join(', '),
        events: events.join(', '),
        authentication: authentication.type,
        'last success': delivery.lastSuccessAt ?? 'none',
        'last problem': delivery.lastProblem ?? 'none',
        'failures in a row': String(delivery.failuresInARow),
        'left alone until': delivery.pausedUntil ?? undefined,
        'gone since': delivery.goneAt ?? undefined,
      });
      return { body: asked.body, text };
    },
  },
  {
    words: ['webhook', 'dead'],
    operands: '',
    summary: 'Events that the webhook was never told, newest first',
    options: {
      count: { type: 'string', help: 'How many, 1 to 200 (50)' },
      cursor: { type: 'string', help: 'The next page, as an earlier list named it' },
    },
    async run(typed) {
      const count = readNumber(typed, 'count', { min: 1, max: 200, whole: true });
      if ('problem' in count) return count;
      const query = queryText({ count: count.number, cursor: textOf(typed, 'cursor') });
      const asked = await typed.client.control<LetterPage>('GET', `/settings/webhook/dead-letters${query}`);
      if ('problem' in asked) return asked;
      const { data, _page } = asked.body;
      const rows = data.map((one) => [one.eventId, one.diedAt, one.attempts, one.problem]);
      const list = table(['EVENT', 'DIED AT', 'ATTEMPTS', 'PROBLEM'], rows, 'The webhook was told everything.');
      const next = _page.next === null ? '' : ` Next page: --cursor ${_page.next}`;
      const text = data.length === 0 ? list : `${list}\n\n${_page.count} of ${_page.totalCount}.${next}`;
      return { body: asked.body, text };
    },
  },
  {
    words: ['webhook', 'replay'],
    operands: '[eventId...]',
    summary: 'Post events again that the webhook was never told, under the same ids',
    options: { all: { type: 'boolean', help: 'All of them, 10,000 at a time' } },
    async run({ client, operands, options }) {
      if (operands.length > 0 === (options.all === true)) return usage('Name events, or say --all.');
      const which = options.all ? { all: true } : { eventIds: operands };
      const path = '/settings/webhook/dead-letters/replay';
      const asked = await client.control<{ replayed: number; remaining: number }>('POST', path, which);
      if ('problem' in asked) return asked;
      const { replayed, remaining } = asked.body;
      return { body: asked.body, text: `${replayed} are posted again; ${remaining} are still dead.` };
    },
  },
];
