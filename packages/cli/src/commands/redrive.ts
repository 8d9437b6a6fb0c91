import { type Command, type Option, type Report, readNumber, type Typed, textOf, YES } from '../command.ts';
import { type Problem, usage } from '../exit-codes.ts';
import { FILTER, type Filter, listLetters, readFilter } from './dlq.ts';

const ALL: Record<string, Option> = {
  all: { type: 'boolean', help: 'All of the sandbox: a mass change needs a filter or this' },
};
/** Options that correct one message's recipient; the last three take JSON (merge patch: null removes a member). */
const CORRECTION: Record<string, Option> = {
  email: { type: 'string', help: 'One message: send to this email address instead' },
  phone: { type: 'string', help: 'One message: send to this number instead' },
  'channel-data': { type: 'string', help: 'One message: JSON that is laid over its channelData' },
  profile: { type: 'string', help: 'One message: JSON that is laid over its profile' },
  context: { type: 'string', help: 'One message: JSON that is laid over its context' },
};
const MOST_REDRIVEN = 10_000;

export const REDRIVE_COMMANDS: Command[] = [
  {
    words: ['dlq', 'redrive'],
    operands: '[messageId]',
    summary: 'Send again: one message, corrected if need be, or all that a filter finds',
    help: `One message:   outrigger dlq redrive <messageId> --email right@shop.example
Many:          outrigger dlq redrive --code permanent.configuration --from 2h --rate 20 --yes

A message whose outcome is unknown may have been delivered: it is sent again only with --include-unknown.`,
    options: {
      ...FILTER,
      ...ALL,
      rate: { type: 'string', help: 'Many: messages a second (default: as fast as it goes)' },
      limit: { type: 'string', help: `Many: at most so many, oldest first, 1 to ${MOST_REDRIVEN} (1000)` },
      'include-unknown': { type: 'boolean', help: 'Also what may have been delivered already' },
      ...CORRECTION,
      ...YES,
    },
    run: (typed) => (typed.operands.length > 0 ? redriveOne(typed) : redriveMany(typed)),
  },
  {
    words: ['dlq', 'expire'],
    operands: '[messageId...]',
    summary: 'Give up: the messages end as expired and cannot be redriven any more',
    options: { ...FILTER, ...ALL, ...YES },
    run: expire,
  },
];

async function redriveOne(typed: Typed): Promise<Report | { problem: Problem }> {
  const [messageId, ...more] = typed.operands;
  const chosen = readFilter(typed);
  if ('problem' in chosen) return chosen;
  const forMany =
    typed.options.all || typed.options.rate || typed.options.limit || Object.keys(chosen.filter).length > 0;
  if (more.length > 0 || forMany) return usage('Name one message, or a filter; not both.');
  const read = readCorrection(typed);
  if ('problem' in read) return read;
  const body = { ...read.correction, includeUnknown: typed.options['include-unknown'] === true };
  type Redriven = { messageId: string; executionId: string; possibleDuplicate: boolean };
  const path = `/dead-letters/${encodeURIComponent(messageId!)}/redrive`;
  const asked = await typed.client.control<Redriven>('POST', path, body);
  if ('problem' in asked) return asked;
  const marked = asked.body.possibleDuplicate ? ', marked as a possible duplicate' : '';
  return {
    body: asked.body,
    text: `Redriven${marked}. See: outrigger execution ${asked.body.executionId}`,
  };
}

function readCorrection(typed: Typed): { correction: Record<string, unknown> } | { problem: Problem } {
  const correction: Record<string, unknown> = {};
  for (const [option, member] of [
    ['channel-data', 'channelData'],
    ['profile', 'profile'],
    ['context', 'context'],
  ] as const) {
    const text = textOf(typed, option);
    if (text === undefined) continue;
    try {
      correction[member] = JSON.parse(text);
    } catch (error) {
      return usage(`--${option} must be JSON: ${(error as Error).message}`);
    }
  }
  const emailAddress = textOf(typed, 'email');
  const mobilePhoneNumber = textOf(typed, 'phone');
  if (emailAddress !== undefined || mobilePhoneNumber !== undefined) {
    correction.channelData = {
      ...(correction.channelData as object | undefined),
      ...(emailAddress !== undefined && { emailAddress }),
      ...(mobilePhoneNumber !== undefined && { mobilePhoneNumber }),
    };
  }
  return { correction };
}

async function redriveMany(typed: Typed): Promise<Report | { problem: Problem }> {
  if (Object.keys(CORRECTION).some((name) => typed.options[name] !== undefined)) {
    return usage('A correction is for one message: name it.');
  }
  const rate = readNumber(typed, 'rate', { min: 0.01, max: 10_000 });
  if ('problem' in rate) return rate;
  const limit = readNumber(typed, 'limit', { min: 1, max: MOST_REDRIVEN, whole: true });
  if ('problem' in limit) return limit;
  const chosen = await choose(typed, 'redriven');
  if ('problem' in chosen) return chosen;
  const asked = await typed.client.control<{ redriven: number; remaining: number }>('POST', '/dead-letters/redrive', {
    ...chosen.choice,
    includeUnknown: typed.options['include-unknown'] === true,
    ...(rate.number !== undefined && { ratePerSecond: rate.number }),
    ...(limit.number !== undefined && { limit: limit.number }),
  });
  if ('problem' in asked) return asked;
  const { redriven, remaining } = asked.body;
  const left =
    remaining > 0
      ? ` ${remaining} left: beyond the limit, unknown, canceled by a brake, or of a stopped campaign.`
      : '';
  return { body: asked.body, text: `${redriven} redriven.${left}` };
}

async function expire(typed: Typed): Promise<Report | { problem: Problem }> {
  const ids = typed.operands;
  let choice: object = { messageIds: ids };
  if (ids.length === 0) {
    const chosen = await choose(typed, 'given up');
    if ('problem' in chosen) return chosen;
    choice = chosen.choice;
  } else {
    const filter = readFilter(typed);
    if ('problem' in filter) return filter;
    if (typed.options.all || Object.keys(filter.filter).length > 0)
      return usage('Name messages, or a filter; not both.');
    if (ids.length > 1 && !typed.options.yes)
      return usage(`${ids.length} messages would be given up for good. Say --yes.`);
  }
  const asked = await typed.client.control<{ expired: number }>('POST', '/dead-letters/expire', choice);
  return 'problem' in asked ? asked : { body: asked.body, text: `${asked.body.expired} given up.` };
}

/** The filter of a mass change, once it is meant: it names something or says --all, and says --yes. */
async function choose(
  typed: Typed,
  what: string,
): Promise<{ choice: { filter: Filter; all?: true } } | { problem: Problem }> {
  const read = readFilter(typed);
  if ('problem' in read) return read;
  const everything = Object.keys(read.filter).length === 0;
  if (everything && !typed.options.all) return usage('Name a message or a filter, or say --all.');
  if (!everything && typed.options.all) return usage('Say --all or a filter; not both.');
  if (typed.options.yes) return { choice: { filter: read.filter, ...(everything && { all: true as const }) } };
  const asked = await listLetters(typed, { ...read.filter, count: 1 });
  if ('problem' in asked) return asked;
  return usage(`${asked.body._page.totalCount} dead letters match and would be ${what}. Nothing was done; say --yes.`);
}
