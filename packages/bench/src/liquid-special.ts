import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { Special, SpecialResult } from './special.ts';

const LINE = /^all parts: LiquidJS ([\d.]+) us, compiled ([\d.]+) us, ([\d.]+) times faster$/m;

/** The renderer's own benchmark, which also checks that both give the same mail: packages/render/bench. */
export const liquidSpecial: Special = {
  name: 'liquid',
  title: 'compiled Liquid against LiquidJS, subject, HTML and text of the order mail',
  async run({ root }): Promise<SpecialResult> {
    const script = join(root, 'packages', 'render', 'bench', 'render.bench.ts');
    const { stdout, stderr } = spawnSync(process.execPath, [script], { encoding: 'utf8' });
    const found = LINE.exec(stdout);
    if (!found) return { figures: [], problems: [`${script} failed: ${stderr}`], versions: {} };
    const [liquidjs, compiled, times] = found.slice(1).map(Number) as [number, number, number];
    return {
      figures: [
        { name: 'times faster than LiquidJS', value: times, unit: '', goal: 10, better: 'higher' },
        { name: 'compiled', value: compiled, unit: 'us a mail', better: 'lower' },
        { name: 'LiquidJS', value: liquidjs, unit: 'us a mail', better: 'lower' },
      ],
      problems: [],
      versions: { node: process.version },
    };
  },
};
