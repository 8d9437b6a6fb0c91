import { type Channel, type Lane, lanesOf } from '@outrigger/core';
import { accountsFrom, accountsVariable, type ConfiguredAccount } from '@outrigger/flow';
import { httpConfig, ledgerConfig, logConfig, queueConfig, workerConfig } from '@outrigger/runtime';
import { z } from 'zod';

const serviceConfig = ledgerConfig
  .extend(queueConfig.shape)
  .extend(httpConfig.shape)
  .extend(logConfig.shape)
  .extend(workerConfig.shape);
export type WorkerServiceConfig = z.output<typeof serviceConfig>;

/** The lanes of a `LANES` variable that a worker of the channel can serve (all without one), or the name that it cannot. */
export function lanesFrom(channel: string, list: string | undefined): { lanes: Lane[] } | { unknown: string } {
  const known = lanesOf(channel as Channel);
  if (list === undefined) return { lanes: known };
  const names = [...new Set(list.split(','))];
  const unknown = names.find((name) => !known.includes(name as Lane));
  return unknown === undefined ? { lanes: names as Lane[] } : { unknown };
}

type WithAccounts<ProviderSchema extends z.ZodType> = { accounts: ConfiguredAccount<z.output<ProviderSchema>>[] };

/**
 * What a channel's worker reads from its environment: the service's own variables, and its provider accounts. Without
 * `<CHANNEL>_ACCOUNTS` there is one account, described by the plain variables; without those it is the sandbox. `own` is what the
 * channel alone needs.
 */
export function workerServiceConfig<ProviderSchema extends z.ZodType, Own extends z.ZodRawShape = Record<never, never>>(
  channel: string,
  providerSchema: ProviderSchema,
  own: Own = {} as Own,
) {
  const listName = `${channel.toUpperCase()}_ACCOUNTS`;
  const providerName = `${channel.toUpperCase()}_PROVIDER`;
  const service = serviceConfig.extend({ [listName]: accountsVariable(channel) }).extend(own);
  return z
    .preprocess((env) => ({ [providerName]: 'sandbox', ...(env as object) }), z.intersection(service, providerSchema))
    .transform((config, context): WorkerServiceConfig & WithAccounts<ProviderSchema> & z.output<z.ZodObject<Own>> => {
      const variables = config as unknown as WorkerServiceConfig & z.output<z.ZodObject<Own>> & Record<string, unknown>;
      const served = lanesFrom(channel, variables.LANES);
      if ('unknown' in served) {
        const message = `${served.unknown} is no lane of ${channel}; there are ${lanesOf(channel as Channel).join(', ')}`;
        context.addIssue({ code: 'custom', path: ['LANES'], message });
      }
      const list = variables[listName] as string | undefined;
      if (list === undefined) {
        // The plain variables are parsed by now, and a schema may turn text into something that it would not take again.
        const own = { name: String(variables[providerName]), ratePerSecond: undefined, weight: 1 };
        return { ...variables, accounts: [{ ...own, config: variables as z.output<ProviderSchema> }] };
      }
      const found = accountsFrom({ listName, list, providerName, variables: {} }, providerSchema);
      if ('accounts' in found) return { ...variables, accounts: found.accounts };
      for (const { path, message } of found.problems) context.addIssue({ code: 'custom', path, message });
      return z.NEVER;
    });
}
