import type { Client } from '../client.ts';
import { type Command, type Report, readNumber, type Typed, YES } from '../command.ts';
import { EXIT, type Problem, usage } from '../exit-codes.ts';
import { table } from '../table.ts';

type Brake = {
  brakeId: string;
  scope: string;
  target: string;
  action: string;
  ratePerSecond?: number;
  createdAt: string;
  createdBy?: string;
  heldMessages?: number;
};
type Action = 'pause' | 'throttle' | 'cancel';

const TARGETS = 'campaign <campaignId> | tenant | lane <lane> | provider <name>';
const SUMMARIES: Record<Action, string> = {
  pause: 'Hand nothing over until the brake is released',
  throttle: 'Hand over so many a second and no more (--rate)',
  cancel: 'End what waits, and what still comes, as canceled',
};

export const BRAKE_COMMANDS: Command[] = [
  {
    words: ['brake', 'list'],
    operands: '',
    summary: 'The brakes in force, and how many messages each of them holds',
    options: {},
    async run({ client }) {
      const asked = await client.control<{ data: Brake[]; everybody: Brake[] }>('GET', '/brakes');
      if ('problem' in asked) return asked;
      const rows = [...asked.body.data, ...asked.body.everybody].map((brake) => [
        brake.brakeId,
        brake.action,
        brake.scope,
        brake.target,
        brake.ratePerSecond,
        brake.heldMessages,
        brake.createdAt,
        brake.createdBy,
      ]);
      const headings = ['BRAKE', 'ACTION', 'SCOPE', 'TARGET', 'PER SECOND', 'HOLDS', 'SINCE', 'BY'];
      return { body: asked.body, text: table(headings, rows, 'No brake is in force.') };
    },
  },
  ...(['pause', 'throttle', 'cancel'] as const).map(
    (action): Command => ({
      words: ['brake', action],
      operands: '<target>',
      summary: SUMMARIES[action],
      help: `The target is one of: ${TARGETS}

Lanes and providers concern every tenant: they need a key with the scope operate. A provider is the name of its account:
paused or canceled, its messages take another account of their channel; where there is none, they wait, or end.
A new brake on the same target replaces the one before.`,
      options: {
        ...(action === 'throttle' && { rate: { type: 'string', help: 'Messages a second' } }),
        ...YES,
      },
      run: (typed) => apply(typed, action),
    }),
  ),
  {
    words: ['brake', 'release'],
    operands: '<brakeId>',
    summary: 'Take a brake off: what it held goes on at once',
    options: {},
    run: release,
  },
];

async function apply(typed: Typed, action: Action): Promise<Report | { problem: Problem }> {
  const [scope, target, ...more] = typed.operands;
  const everybodys = scope === 'lane' || scope === 'provider';
  const known =
    scope === 'tenant' ? target === undefined : target !== undefined && (scope === 'campaign' || everybodys);
  if (!known || more.length > 0) return usage(`Say what to ${action}: ${TARGETS}`);
  const rate = readNumber(typed, 'rate', { min: 0.01, max: 100_000 });
  if ('problem' in rate) return rate;
  if (action === 'throttle' && rate.number === undefined) return usage('A throttle needs --rate <messages a second>.');
  if (!typed.options.yes && (action === 'cancel' || scope !== 'campaign')) {
    const what = scope === 'tenant' ? 'everything of this sandbox' : `${scope} ${target}`;
    const whom = everybodys ? ', of every tenant' : '';
    return usage(`This would ${action} ${what}${whom}. Nothing was done; say --yes.`);
  }
  const asked = await typed.client.control<Brake>('POST', everybodys ? '/operations/brakes' : '/brakes', {
    scope,
    ...(target !== undefined && { target }),
    action,
    ...(rate.number !== undefined && { ratePerSecond: rate.number }),
  });
  if ('problem' in asked) return asked;
  const { brakeId } = asked.body;
  return {
    body: asked.body,
    text: `In force: ${action} ${scope} ${target ?? ''}`
      .trimEnd()
      .concat(`, brake ${brakeId}.\nTake it off: outrigger brake release ${brakeId}`),
  };
}

async function release(typed: Typed): Promise<Report | { problem: Problem }> {
  const [brakeId, ...more] = typed.operands;
  if (brakeId === undefined || more.length > 0) return usage('Name one brake: outrigger brake release <brakeId>');
  const asked = await releaseWherever(typed.client, encodeURIComponent(brakeId));
  if ('problem' in asked) return asked;
  const held = Number(asked.body.heldMessages ?? 0);
  return {
    body: asked.body,
    text: held === 1 ? 'Released. The message that it held goes on.' : `Released. ${held} messages that it held go on.`,
  };
}

/** An id does not say whose brake it is. That a key may not look among everybody's is no news when it is not the tenant's. */
async function releaseWherever(client: Client, brakeId: string) {
  const own = await client.control<Brake>('DELETE', `/brakes/${brakeId}`);
  if (!('problem' in own) || own.problem.exitCode !== EXIT.refused) return own;
  const everybodys = await client.control<Brake>('DELETE', `/operations/brakes/${brakeId}`);
  return 'problem' in everybodys && everybodys.problem.exitCode === EXIT.refused ? own : everybodys;
}
