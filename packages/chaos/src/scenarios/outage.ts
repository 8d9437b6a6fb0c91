import { setTimeout as delay } from 'node:timers/promises';
import { acceptedAt, inSeconds, mostInAnySecond, quantile, type Scenario, startSteadyLoad } from './scenario.ts';

const MESSAGES_PER_SECOND = 20;
const ACCOUNT_RATE = 100;
const BEFORE_MS = 10_000;
/** Time in real seconds: nothing is sped up. The product's own durations for retries, breakers and sweeps. */
const TIMING = {
  UNKNOWN_WINDOW_MS: 5_000,
  SWEEP_AFTER_MS: 30_000,
  JANITOR_EVERY_MS: 1_000,
  PROVIDER_TIMEOUT_MS: 10_000,
};

/** One provider (SES) refuses connections for `size` seconds of real time, while calls for all channels come in steadily. */
export const outage: Scenario = {
  sizeOf: 'seconds that the provider is down, in real time',
  size: 600,
  shortSize: 45,
  system: { calm: true, ratePerSecond: ACCOUNT_RATE, timing: TIMING },
  async run(system, { seed, size, say }) {
    const { pool, processes } = system;
    const ses = processes.of('provider').find((one) => one.name === 'ses')!;
    const load = startSteadyLoad(system, { seed, perSecond: MESSAGES_PER_SECOND, mostOutstanding: 1_000_000 });
    await delay(BEFORE_MS);
    const downAt = Date.now();
    await ses.rest();
    say(`SES is down for ${size} s; ${load.acceptedMessages} messages were accepted before`);
    await delay(size * 1_000);
    const waiting = load.outstanding();
    ses.resume();
    await ses.whenUp();
    const backAt = Date.now();
    say(`SES is back, ${waiting} messages wait`);
    // The load goes on: what waited has to be worked off beside it.
    const drained = await untilFew(() => load.outstanding(), 2 * MESSAGES_PER_SECOND);
    const accepted = load.acceptedMessages;
    const { broken, handOvers, unknown } = await load.settle();

    const times = await acceptedAt(system, load);
    const ofOutage = ({ key }: { key: string }) => (times.get(key) ?? 0) >= downAt && (times.get(key) ?? 0) < backAt;
    const emails = handOvers.filter((one) => one.channel === 'email');
    const others = handOvers.filter((one) => one.channel !== 'email' && ofOutage(one));
    const late = emails.filter(ofOutage);
    const { rows } = await pool.query<{ attempts: number; expired: number }>(
      `SELECT coalesce(max(attempt) FILTER (WHERE state = 'sent' AND NOT possible_duplicate), 0)::int AS attempts,
              count(*) FILTER (WHERE state = 'expired')::int AS expired FROM message_history`,
    );
    const { attempts, expired } = rows[0]!;
    const fastest = mostInAnySecond(emails.filter(({ atMs }) => atMs >= backAt).map(({ atMs }) => atMs));
    if (attempts > 1) broken.push(`a message that was never in doubt used up ${attempts} attempts`);
    if (expired > 0) broken.push(`${expired} messages expired`);
    if (fastest > ACCOUNT_RATE * 1.5) broken.push(`${fastest} hand-overs in one second, ${ACCOUNT_RATE} are stated`);
    if (late.length === 0) broken.push('nothing was accepted during the outage: it proves nothing');
    return {
      broken,
      rows: [
        ['the provider was down for (real time)', `${size} s`],
        ['messages accepted in all', accepted],
        ['emails accepted during the outage, all delivered after it', late.length],
        ['messages waiting when it came back', waiting],
        [
          'first hand-over after it came back',
          inSeconds(Math.min(...emails.filter((e) => e.atMs >= backAt).map((e) => e.atMs)) - backAt),
        ],
        ['everything that waited was delivered after', inSeconds(drained)],
        ['most hand-overs in any second after it came back', `${fastest} (the account states ${ACCOUNT_RATE})`],
        ['most attempts that a message used up', attempts],
        ['expired', expired],
        ['unknown at some time (calls that the end of the provider cut off)', unknown],
        [
          'SMS and push meanwhile, from call to provider, p99',
          inSeconds(
            quantile(
              others.map((one) => one.atMs - times.get(one.key)!),
              0.99,
            ),
          ),
        ],
      ],
    };
  },
};

async function untilFew(outstanding: () => number, few: number): Promise<number> {
  const startedAt = performance.now();
  while (outstanding() > few && performance.now() - startedAt < 30 * 60_000) await delay(250);
  return performance.now() - startedAt;
}
