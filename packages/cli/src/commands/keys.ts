import { type Command, type Report, type Typed, textOf, YES } from '../command.ts';
import { type Problem, usage } from '../exit-codes.ts';
import { table } from '../table.ts';

type Key = {
  keyId: string;
  name: string;
  orgId: string;
  sandboxNames: string[];
  scopes: string[];
  createdAt: string;
  expiresAt: string | null;
  revokedAt: string | null;
};
type WithSecret = Key & { secret: string };

const PATH = '/operations/keys';
const NEEDS_OPERATE = 'Keys concern every tenant: this needs a key with the scope operate.';

/** Keys and sandboxes of the installation. */
export const KEY_COMMANDS: Command[] = [
  {
    words: ['keys', 'list'],
    operands: '',
    summary: 'Every key, with what it may do and where',
    help: NEEDS_OPERATE,
    options: { of: { type: 'string', help: 'Of this organisation only' } },
    async run(typed) {
      const of = textOf(typed, 'of');
      const query = of === undefined ? '' : `?${new URLSearchParams({ orgId: of })}`;
      const asked = await typed.client.control<{ data: Key[] }>('GET', PATH + query);
      if ('problem' in asked) return asked;
      const rows = asked.body.data.map((key) => [
        key.keyId,
        key.name,
        key.orgId,
        key.sandboxNames.join(','),
        key.scopes.join(','),
        key.revokedAt ? 'revoked' : (key.expiresAt ?? 'never'),
      ]);
      const headings = ['KEY', 'NAME', 'ORGANISATION', 'SANDBOXES', 'SCOPES', 'EXPIRES'];
      return { body: asked.body, text: table(headings, rows, 'There is no key.') };
    },
  },
  {
    words: ['keys', 'create'],
    operands: '<name>',
    summary: 'Make a key; its secret is shown this once',
    help: NEEDS_OPERATE,
    options: {
      of: { type: 'string', help: 'The organisation' },
      sandboxes: { type: 'string', help: 'Its sandboxes, with commas between' },
      scopes: { type: 'string', help: 'execute, read, manage, operate, with commas between' },
      expires: { type: 'string', help: 'An instant such as 2031-05-04T03:00:00Z' },
    },
    run: create,
  },
  {
    words: ['keys', 'rotate'],
    operands: '<keyId>',
    summary: 'Give a key a new secret, shown this once',
    help: NEEDS_OPERATE,
    options: { grace: { type: 'string', help: 'Seconds for which the present secret is still taken (0)' }, ...YES },
    run: rotate,
  },
  {
    words: ['keys', 'revoke'],
    operands: '<keyId>',
    summary: 'Take a key out of force for good',
    help: NEEDS_OPERATE,
    options: { ...YES },
    run: revoke,
  },
];

type Result = Promise<Report | { problem: Problem }>;

async function create(typed: Typed): Result {
  const [name, ...more] = typed.operands;
  const [orgId, sandboxes, scopes] = ['of', 'sandboxes', 'scopes'].map((option) => textOf(typed, option));
  if (!name || more.length > 0 || !orgId || !sandboxes || !scopes) {
    return usage('Say: outrigger keys create <name> --of <organisation> --sandboxes <a,b> --scopes <execute,read>');
  }
  const expiresAt = textOf(typed, 'expires');
  const asked = await typed.client.control<WithSecret>('POST', PATH, {
    name,
    orgId,
    sandboxNames: sandboxes.split(','),
    scopes: scopes.split(','),
    ...(expiresAt !== undefined && { expiresAt }),
  });
  return 'problem' in asked ? asked : { body: asked.body, text: shown(asked.body) };
}

async function rotate(typed: Typed): Result {
  const [keyId, ...more] = typed.operands;
  const grace = textOf(typed, 'grace') ?? '0';
  if (!keyId || more.length > 0 || !/^\d{1,6}$/.test(grace)) {
    return usage('Say: outrigger keys rotate <keyId> --grace <seconds>');
  }
  if (grace === '0' && !typed.options.yes) {
    return usage('The present secret would stop to work at once. Nothing was done; say --grace <seconds>, or --yes.');
  }
  const path = `${PATH}/${encodeURIComponent(keyId)}/rotate`;
  const asked = await typed.client.control<WithSecret>('POST', path, { graceSeconds: Number(grace) });
  return 'problem' in asked ? asked : { body: asked.body, text: shown(asked.body) };
}

async function revoke(typed: Typed): Result {
  const [keyId, ...more] = typed.operands;
  if (!keyId || more.length > 0) return usage('Name one key: outrigger keys revoke <keyId>');
  if (!typed.options.yes) return usage(`This would end ${keyId} for good. Nothing was done; say --yes.`);
  const asked = await typed.client.control<Key>('DELETE', `${PATH}/${encodeURIComponent(keyId)}`);
  return 'problem' in asked ? asked : { body: asked.body, text: `Revoked ${asked.body.keyId} (${asked.body.name}).` };
}

function shown({ keyId, secret, orgId, sandboxNames, scopes }: WithSecret): string {
  return [
    `Key     ${keyId}`,
    `Secret  ${secret}`,
    `For     ${orgId}: ${sandboxNames.join(', ')} (${scopes.join(', ')})`,
    'The secret is not shown again.',
  ].join('\n');
}
