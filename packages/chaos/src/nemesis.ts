import { setTimeout as delay } from 'node:timers/promises';
import { FAULTS, type Fault, type FaultContext } from './faults.ts';

export type FaultCount = { started: number; done: number; killed: number; failed: number };
export type Nemesis = {
  readonly counts: Map<string, FaultCount>;
  readonly kills: number;
  /** From 0 to 1: how much of what is to happen has happened. */
  readonly progress: number;
  /** What could not be done to the system, in words. */
  readonly failures: string[];
  done: Promise<void>;
};

/**
 * Hurts the system until `kills` processes were killed: first every kind of fault once, then by weight. Faults overlap:
 * the next one does not wait until the last is over. `mayGoOn` holds it back while it is ahead of the load.
 */
export function startNemesis(
  context: FaultContext,
  options: { kills: number; gapMs: number; only?: readonly string[]; mayGoOn: (progress: number) => boolean },
): Nemesis {
  const { random, stores } = context;
  const known = FAULTS.filter(
    (fault) =>
      (!fault.redisOnly || stores.queueUrl !== undefined) &&
      (!fault.needs || context.processes.of(fault.needs).length > 0) &&
      (!options.only || options.only.includes(fault.name)),
  );
  const counts = new Map<string, FaultCount>(
    known.map(({ name }) => [name, { started: 0, done: 0, killed: 0, failed: 0 }]),
  );
  const failures: string[] = [];
  const underWay = new Set<Promise<void>>();
  let firstRound = shuffled(known, (below) => random.between(0, below));
  let kills = 0;
  const progress = () => Math.min(kills / options.kills, 1 - firstRound.length / known.length, 1);

  /** Undefined while nothing that may happen can: a run of few kinds of fault waits until their targets are up again. */
  function choose(): Fault | undefined {
    const place = firstRound.findIndex((fault) => fault.possible(context));
    if (place >= 0) {
      const chosen = firstRound[place]!;
      firstRound = firstRound.toSpliced(place, 1);
      return chosen;
    }
    const possible = known.filter((fault) => fault.possible(context));
    return possible.length === 0 ? undefined : random.weighted(possible);
  }

  async function strike(fault: Fault): Promise<void> {
    const count = counts.get(fault.name)!;
    count.started++;
    try {
      const { killed } = await fault.happen(context);
      count.done++;
      count.killed += killed;
      kills += killed;
    } catch (error) {
      count.failed++;
      if (count.done === 0) firstRound.push(fault);
      failures.push(`${fault.name}: ${error instanceof Error ? error.message : error}`);
    }
  }

  async function run(): Promise<void> {
    while (kills < options.kills || firstRound.length > 0) {
      await delay(options.gapMs / 2 + random.next() * options.gapMs);
      if (!options.mayGoOn(progress()) || !isStanding(context)) continue;
      // What is left then is to happen once each; striking by weight meanwhile would keep a slow machine from getting up.
      if (kills >= options.kills && !firstRound.some((fault) => fault.possible(context))) continue;
      const fault = choose();
      if (!fault) continue;
      const work: Promise<void> = strike(fault).finally(() => underWay.delete(work));
      underWay.add(work);
    }
    await Promise.all(underWay);
  }

  return {
    counts,
    failures,
    done: run(),
    get kills() {
      return kills;
    },
    get progress() {
      return progress();
    },
  };
}

/** A machine on which processes start slowly would otherwise be killed faster than it can stand up, and nothing would be under load. */
function isStanding({ processes }: FaultContext): boolean {
  const standing = processes.all.filter((one) => one.state === 'up' || one.state === 'frozen');
  return standing.length > processes.all.length / 2;
}

function shuffled<Item>(items: readonly Item[], below: (limit: number) => number): Item[] {
  const left = [...items];
  return items.map(() => left.splice(below(left.length), 1)[0]!);
}
