import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { startProbes } from './probes.ts';
import { startProduct } from './product.ts';
import { type RunResult, runOnce } from './run.ts';
import { findScenario } from './scenarios.ts';
import type { Figure, Special, SpecialOptions, SpecialResult } from './special.ts';

const SCENARIO = 'ht-email-1';
const WORKERS = [1, 2];

/**
 * What a second worker process costs and brings: the same load, one after the other, with one worker and with two. On a machine
 * whose cores are all busy with one, the second brings no rate; what it adds to the cost of a message is what is looked for.
 */
export const scalingSpecial: Special = {
  name: 'scaling',
  title: 'high-throughput email with one worker process and with two',
  run: runScaling,
};

async function runScaling(options: SpecialOptions): Promise<SpecialResult> {
  const figures: Figure[] = [];
  const problems: string[] = [];
  let versions: Record<string, string> = {};
  for (const workers of WORKERS) {
    const folder = join(options.folder, `workers-${workers}`);
    mkdirSync(folder, { recursive: true });
    const probes = await startProbes(options.profileFolder);
    try {
      const system = { ...options, folder, workers, providerUrl: probes.provider.url };
      const target = await startProduct(findScenario(SCENARIO)!, system);
      versions = target.versions;
      try {
        const { warmUpSeconds, seconds, connections, outstanding } = options;
        const result = await runOnce(target, probes, {
          warmUpSeconds,
          seconds,
          connections,
          outstanding,
          folder,
          say: (line) => options.say(`${workers} workers: ${line}`),
        });
        figures.push(...figuresOf(result, workers));
        problems.push(...result.verification.problems.map((problem) => `${workers} workers: ${problem}`));
      } finally {
        await target.stop();
      }
    } finally {
      await probes.stop();
    }
  }
  return { figures, problems, versions };
}

/** Of the window at the top rate: the rate, and the CPU a message of each part; all workers are one part. */
function figuresOf({ top }: RunResult, workers: number): Figure[] {
  const { messagesPerSecond, cpuUs, totalCpuUs } = top!;
  const cpu = (name: string, matches: (process: string) => boolean): Figure => ({
    name: `${name}, ${workers} worker${workers > 1 ? 's' : ''}`,
    value: Object.entries(cpuUs).reduce((sum, [process, us]) => (matches(process) ? sum + us : sum), 0),
    unit: 'us a message',
    better: 'lower',
  });
  return [
    {
      name: `top rate, ${workers} worker${workers > 1 ? 's' : ''}`,
      value: messagesPerSecond,
      unit: 'messages/s',
      better: 'higher',
    },
    { ...cpu('CPU of all', () => false), value: totalCpuUs },
    cpu('CPU of ingress', (process) => process === 'ingress'),
    cpu('CPU of the workers', (process) => process.includes('-worker')),
    cpu('CPU of PostgreSQL', (process) => process === 'postgres'),
    cpu('CPU of Redis', (process) => process === 'redis'),
  ];
}
