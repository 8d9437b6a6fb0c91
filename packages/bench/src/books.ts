import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { readCallBook } from './load/call-book.ts';
import type { Probes } from './probes.ts';
import { readAccount } from './provider/account.ts';

const STUCK_AFTER_MS = 30_000;

/** The load's and the provider's own accounts, as they are now. */
export async function readBooks(probes: Probes, folder: string) {
  const callsPath = join(folder, 'calls.book');
  const accountPath = join(folder, 'provider.account');
  const saved = Promise.all([probes.load.next('saved'), probes.provider.next('saved')]);
  probes.load.send({ kind: 'save', path: callsPath });
  probes.provider.send({ kind: 'save', path: accountPath });
  const [, { problems }] = await saved;
  return {
    calls: readCallBook(readFileSync(callsPath)),
    account: readAccount(readFileSync(accountPath)),
    problems,
  };
}

/** Until the provider has what was accepted, or nothing moves any more: then the verification says what is missing. */
export async function untilDelivered({ provider, load }: Probes, recipients: number): Promise<void> {
  let movedAt = performance.now();
  for (let last = -1; performance.now() - movedAt < STUCK_AFTER_MS; ) {
    await delay(200);
    if (load.counts.underWay === 0 && provider.taken >= load.counts.accepted * recipients && provider.taken === last)
      return;
    if (provider.taken !== last) movedAt = performance.now();
    last = provider.taken;
  }
}

/** A line every five seconds: where the run stands. */
export function reportProgress(
  { provider, load }: Probes,
  recipients: number,
  say: (line: string) => void,
): { stop(): void } {
  const startedAt = performance.now();
  let last = { at: startedAt, taken: 0 };
  const timer = setInterval(() => {
    const now = { at: performance.now(), taken: provider.taken };
    const rate = ((now.taken - last.taken) / (now.at - last.at)) * 1_000;
    const waiting = load.counts.accepted * recipients - now.taken;
    say(
      `${Math.round((now.at - startedAt) / 1_000)} s: ${Math.round(rate)} messages/s, ${now.taken} at the provider, ` +
        `${waiting} accepted and on their way, ${load.counts.refused} calls refused`,
    );
    last = now;
  }, 5_000);
  return { stop: () => clearInterval(timer) };
}
