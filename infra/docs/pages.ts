import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeMetrics } from '../../packages/metrics/src/index.ts';
import { dashboardJson } from '../grafana/dashboard-json.ts';
import { DASHBOARDS } from '../grafana/panels.ts';
import { processTable } from '../local/process-table.ts';
import { benchmarksBlock } from './benchmarks-block.ts';
import { campaignsBlock, configurationsBlock } from './campaigns-block.ts';
import { configurationBlock } from './configuration-page.ts';
import { envExample } from './env-example.ts';
import { lifecycleBlock } from './lifecycle-block.ts';
import { formatTable, replaceBlock } from './markdown.ts';
import { openApiText } from './openapi.ts';
import { proofBlock } from './proof-block.ts';
import { scalingBlocks } from './scaling-block.ts';
import { scenarioBlock } from './scenario-block.ts';
import { readServices } from './variables.ts';

/** A file that is generated, whole or between markers: what it should hold and what it holds (undefined: not there). */
export type GeneratedFile = { path: string; wanted: string; present: string | undefined };

/** Everything that `npm run docs` writes, computed from the code. Paths are relative to `root`. */
export async function generateDocs(root: string): Promise<GeneratedFile[]> {
  const services = await readServices(root);
  const read = (path: string) => (existsSync(join(root, path)) ? readFileSync(join(root, path), 'utf8') : undefined);
  const page = (path: string, blocks: Record<string, string>): GeneratedFile => {
    const present = read(path);
    if (present === undefined) throw new Error(`${path} is not there: its prose is written by hand`);
    const wanted = Object.entries(blocks).reduce((text, [name, block]) => replaceBlock(text, name, block), present);
    return { path, wanted, present };
  };
  return [
    page('docs/configuration.md', { variables: configurationBlock(services), ports: portTable() }),
    page('docs/lifecycle.md', { states: lifecycleBlock() }),
    page('docs/campaigns.md', { campaigns: campaignsBlock(), configurations: configurationsBlock() }),
    page('docs/benchmarks/README.md', { results: benchmarksBlock(root) }),
    page('docs/scaling.md', scalingBlocks(root)),
    page('docs/guarantees.md', { runs: proofBlock(root), scenarios: scenarioBlock(root) }),
    { path: 'docs/openapi.json', wanted: await openApiText(), present: read('docs/openapi.json') },
    page('docs/metrics.md', { metrics: metricsTable() }),
    ...DASHBOARDS.map((dashboard) => {
      const path = `infra/grafana/dashboards/${dashboard.uid}.json`;
      return { path, wanted: dashboardJson(dashboard), present: read(path) };
    }),
    { path: '.env.example', wanted: envExample(services), present: read('.env.example') },
  ];
}

function metricsTable(): string {
  return formatTable(
    ['metric', 'kind', 'labels', 'what it says'],
    describeMetrics().map(({ name, kind, labels, help }) => [
      `\`${name}\``,
      kind,
      labels.map((label) => `\`${label}\``).join(', '),
      help,
    ]),
  );
}

function portTable(): string {
  return formatTable(
    ['variable', 'default', 'process'],
    processTable.map(({ name, portVariable, defaultPort }) => [`\`${portVariable}\``, String(defaultPort), name]),
  );
}
