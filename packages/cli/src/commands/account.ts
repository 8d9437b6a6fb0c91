import { type Command, queryText, readNumber, readSpan, SPAN } from '../command.ts';
import { EXIT, usage } from '../exit-codes.ts';
import { facts, shownAge, table } from '../table.ts';
import { eventTable } from './dlq.ts';

type Account = { from: string; to: string; accepted: number; ended: number; waiting: number; lost: number };
type Lane = {
  lane: string;
  due: number;
  oldestAgeMs: number | null;
  sending: number;
  later: number;
  nextDueAt: string | null;
  paused: number;
  unknown: number;
  deadLetters: number;
};
type Execution = {
  executionId: string;
  requestId: string;
  campaignId: string;
  createdAt: string;
  messages: {
    messageId: string;
    lane: string;
    state: string;
    code?: string;
    expiresAt: string;
    events: Parameters<typeof eventTable>[0];
  }[];
};
type Audit = { data: { at: string; actor: string; action: string; target: string; detail: object }[] };

export const ACCOUNT_COMMANDS: Command[] = [
  {
    words: ['account'],
    operands: '',
    summary: 'What was accepted in a span (the last hour) and what became of it; lost must be 0',
    options: SPAN,
    async run(typed) {
      const read = readSpan(typed);
      if ('problem' in read) return read;
      const asked = await typed.client.control<Account>('GET', `/account${queryText(read.span)}`);
      if ('problem' in asked) return asked;
      const { from, to, accepted, ended, waiting, lost } = asked.body;
      const text = facts({ from, to, accepted, ended, waiting, lost });
      return { body: asked.body, text, exitCode: lost > 0 ? EXIT.lost : EXIT.done };
    },
  },
  {
    words: ['backlog'],
    operands: '',
    summary: 'What has not gone out, by lane and by what it waits for',
    options: {},
    async run({ client }) {
      const asked = await client.control<{ data: Lane[] }>('GET', '/backlog');
      if ('problem' in asked) return asked;
      const rows = asked.body.data.map((one) => [
        one.lane,
        one.due,
        shownAge(one.oldestAgeMs),
        one.sending,
        one.later,
        one.nextDueAt,
        one.paused,
        one.unknown,
        one.deadLetters,
      ]);
      const headings = ['LANE', 'DUE', 'OLDEST', 'SENDING', 'LATER', 'NEXT AT', 'PAUSED', 'UNKNOWN', 'DEAD'];
      return { body: asked.body, text: table(headings, rows, 'Nothing waits.') };
    },
  },
  {
    words: ['audit'],
    operands: '',
    summary: 'Who changed what, newest first',
    options: {
      count: { type: 'string', help: 'How many, 1 to 200 (50)' },
      everybody: { type: 'boolean', help: 'What concerned every tenant; needs the scope operate' },
    },
    async run(typed) {
      const count = readNumber(typed, 'count', { min: 1, max: 200, whole: true });
      if ('problem' in count) return count;
      const path = typed.options.everybody ? '/operations/audit' : '/audit';
      const asked = await typed.client.control<Audit>('GET', `${path}${queryText({ count: count.number })}`);
      if ('problem' in asked) return asked;
      const rows = asked.body.data.map((one) => [
        one.at,
        one.actor,
        one.action,
        one.target,
        JSON.stringify(one.detail),
      ]);
      return { body: asked.body, text: table(['AT', 'WHO', 'WHAT', 'TARGET', 'DETAIL'], rows, 'Nothing was changed.') };
    },
  },
  {
    words: ['execution'],
    operands: '<executionId>',
    summary: 'The account of one call: every message with every event',
    options: {},
    async run(typed) {
      const [executionId, ...more] = typed.operands;
      if (executionId === undefined || more.length > 0) return usage('Name one execution: outrigger execution <id>');
      const asked = await typed.client.ingress<Execution>('GET', `/executions/${encodeURIComponent(executionId)}`);
      if ('problem' in asked) return asked;
      const { requestId, campaignId, createdAt, messages } = asked.body;
      const parts = messages.map((one) =>
        [
          facts({ message: one.messageId, lane: one.lane, state: one.state, code: one.code, expires: one.expiresAt }),
          eventTable(one.events),
        ].join('\n'),
      );
      const head = facts({
        execution: asked.body.executionId,
        request: requestId,
        campaign: campaignId,
        accepted: createdAt,
      });
      return { body: asked.body, text: [head, ...parts].join('\n\n') };
    },
  },
];
