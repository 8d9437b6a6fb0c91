import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describeExit } from '@outrigger/local/leashed-process.ts';
import { makeBuild } from '../build.ts';
import { inSeconds, quantile, type Scenario, startSteadyLoad } from './scenario.ts';

const PER_SECOND = 60;
const GRACE_MS = 25_000;

/**
 * Deployments under load: one process after the other is stopped with SIGTERM and comes back as the other of two builds, `size`
 * times. The newer one writes a job version that the older cannot read, and reads both.
 */
export const rolling: Scenario = {
  sizeOf: 'processes to stop with SIGTERM',
  size: 100,
  shortSize: 14,
  system: { calm: true },
  async run(system, { seed, size, say, folder, repositoryRoot }) {
    const { processes } = system;
    const older = join(folder, 'build');
    const newer = makeBuild(repositoryRoot, join(folder, 'newer'), 'newer');
    const load = startSteadyLoad(system, { seed, perSecond: PER_SECOND, mostOutstanding: 3_000 });
    const services = processes.all.filter((one) => one.role !== 'provider');
    const builds = new Map(services.map((one) => [one, older]));
    const took: number[] = [];
    const broken: string[] = [];
    const mixed = { older: 0, newer: 0 };

    async function replace(one: (typeof services)[number], build: string): Promise<void> {
      const { exit, tookMs } = await one.replace(one.of(build));
      builds.set(one, build);
      took.push(tookMs);
      if (exit.code !== 0) broken.push(`${one.name} ended with ${describeExit(exit)} at SIGTERM`);
      if (tookMs > GRACE_MS) broken.push(`${one.name} took ${inSeconds(tookMs)} to stop`);
      await one.whenUp();
    }

    await delay(2_000);
    for (let stop = 0; stop < size; stop++) {
      const one = services[stop % services.length]!;
      const to = builds.get(one) === older ? newer : older;
      await replace(one, to);
      mixed[to === newer ? 'newer' : 'older']++;
      if (stop % 10 === 9)
        say(`${stop + 1} stopped; accepted ${load.acceptedMessages}, not ended ${load.outstanding()}`);
    }
    // The deployment ends: what only the newer build can read is waiting for it.
    for (const one of services) if (builds.get(one) === older) await replace(one, newer);
    const settled = await load.settle();
    broken.push(...settled.broken);
    if (settled.unknown > 0) broken.push(`${settled.unknown} messages became unknown`);
    return {
      broken,
      rows: [
        ['SIGTERM under load', took.length],
        ['starts of the newer build, of the older', `${mixed.newer + (took.length - size)}, ${mixed.older}`],
        ['messages accepted', load.acceptedMessages],
        ['time to stop: median, longest', `${inSeconds(quantile(took, 0.5))}, ${inSeconds(Math.max(...took))}`],
        ['unknown', settled.unknown],
        ['lost, doubled, unclean stops', broken.length],
      ],
    };
  },
};
