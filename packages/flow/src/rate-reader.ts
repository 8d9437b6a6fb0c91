import type { Provider } from '@outrigger/core';

export type RateReader = {
  /** The rate that the account's provider allows, or undefined while it is not known or the provider does not tell. */
  rateOf(account: string): number | undefined;
  stop(): void;
};

/**
 * Asks every account's provider for the rate it allows, now and every `everyMs`. What was learned stays in force when a
 * later question fails; `onError` is for a log line.
 */
export function startRateReader(options: {
  accounts: { name: string; provider: Pick<Provider<never>, 'readRate'> }[];
  everyMs?: number;
  onRate?: (account: string, ratePerSecond: number | undefined) => void;
  onError?: (account: string, error: unknown) => void;
}): RateReader {
  const { everyMs = 5 * 60_000, onRate = () => {}, onError = () => {} } = options;
  const rates = new Map<string, number | undefined>();
  const asked = options.accounts.filter(({ provider }) => provider.readRate !== undefined);

  async function read({ name, provider }: (typeof asked)[number]): Promise<void> {
    try {
      const rate = await provider.readRate?.();
      if (rate === rates.get(name)) return;
      rates.set(name, rate);
      onRate(name, rate);
    } catch (error) {
      onError(name, error);
    }
  }

  const readAll = () => {
    for (const account of asked) void read(account);
  };
  readAll();
  const timer = setInterval(readAll, everyMs).unref();
  return { rateOf: (account) => rates.get(account), stop: () => clearInterval(timer) };
}
