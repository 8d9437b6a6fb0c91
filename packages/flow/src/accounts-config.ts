import { z } from 'zod';

const accountName = z.string().regex(/^[a-z0-9][a-z0-9_-]{0,62}$/, 'lower-case letters, digits, _ and - only');

/** One account as it is written in EMAIL_ACCOUNTS and its like: its own settings, and the provider's variables beside them. */
const account = z.looseObject({
  name: accountName,
  rate_per_second: z.number().positive().max(1_000_000).optional(),
  weight: z.number().positive().max(1_000_000).default(1),
});

/** The variable that lists a channel's accounts, as a field of a worker's configuration. Its text may hold secrets. */
export function accountsVariable(channel: string) {
  return z
    .string()
    .optional()
    .meta({ secret: true })
    .describe(
      `Several ${channel} provider accounts: a JSON array of {"name", "rate_per_second", "weight", ...the variables of its provider}. Absent: one account from the plain variables`,
    );
}

export type ConfiguredAccount<ProviderConfig> = {
  name: string;
  ratePerSecond: number | undefined;
  weight: number;
  config: ProviderConfig;
};

/** A problem for the operator: where it is, and what; never a value. */
export type AccountProblem = { path: (string | number)[]; message: string };

/**
 * The accounts of a channel, each checked with the channel's own provider schema. Without the list, the plain variables
 * describe one account, named after its provider. An account inherits nothing from the plain variables: what it does not say
 * has the schema's default. Answers all problems together.
 */
export function accountsFrom<ProviderSchema extends z.ZodType>(
  config: {
    /** The name of the variable with the list, for messages: EMAIL_ACCOUNTS. */
    listName: string;
    /** The list as the environment gives it. */
    list: string | undefined;
    /** The variable that names the provider: EMAIL_PROVIDER. */
    providerName: string;
    /** The plain variables, for the case without a list. */
    variables: Record<string, unknown>;
  },
  providerSchema: ProviderSchema,
): { accounts: ConfiguredAccount<z.output<ProviderSchema>>[] } | { problems: AccountProblem[] } {
  const { listName, list, providerName, variables } = config;
  if (list === undefined) {
    const parsed = providerSchema.safeParse(variables);
    if (!parsed.success) return { problems: problemsOf(parsed.error, []) };
    const name = String(variables[providerName]);
    return { accounts: [{ name, ratePerSecond: undefined, weight: 1, config: parsed.data }] };
  }
  const written = parseList(list);
  if ('problem' in written) return { problems: [{ path: [listName], message: written.problem }] };
  const problems: AccountProblem[] = [];
  const accounts: ConfiguredAccount<z.output<ProviderSchema>>[] = [];
  const names = new Set<string>();
  written.items.forEach((item, index) => {
    const own = account.safeParse(item);
    const provider = providerSchema.safeParse(providerVariables(item));
    if (!own.success) problems.push(...problemsOf(own.error, [listName, index]));
    if (!provider.success) problems.push(...problemsOf(provider.error, [listName, index]));
    if (!own.success || !provider.success) return;
    const { name, rate_per_second: ratePerSecond, weight } = own.data;
    if (names.has(name)) problems.push({ path: [listName, index, 'name'], message: 'another account has this name' });
    names.add(name);
    accounts.push({ name, ratePerSecond, weight, config: provider.data });
  });
  return problems.length > 0 ? { problems } : { accounts };
}

/** The parser's own message is not passed on: it quotes the text, which may be a secret. */
function parseList(list: string): { items: unknown[] } | { problem: string } {
  let parsed: unknown;
  try {
    parsed = JSON.parse(list);
  } catch {
    return { problem: 'is not JSON' };
  }
  if (!Array.isArray(parsed) || parsed.length === 0)
    return { problem: 'is not a JSON array with at least one account' };
  return parsed.length > 20 ? { problem: 'has more than 20 accounts' } : { items: parsed };
}

/** Numbers and booleans become text, as the environment would have them: the provider schemas read text. */
function providerVariables(item: unknown): Record<string, unknown> {
  if (typeof item !== 'object' || item === null) return {};
  const { name: _name, rate_per_second: _rate, weight: _weight, ...variables } = item as Record<string, unknown>;
  return Object.fromEntries(
    Object.entries(variables).map(([key, value]) => [
      key,
      typeof value === 'number' || typeof value === 'boolean' ? String(value) : value,
    ]),
  );
}

function problemsOf(error: z.ZodError, at: (string | number)[]): AccountProblem[] {
  return error.issues.map((issue) => ({
    path: [...at, ...issue.path.map((part) => (typeof part === 'number' ? part : String(part)))],
    message: issue.message,
  }));
}
