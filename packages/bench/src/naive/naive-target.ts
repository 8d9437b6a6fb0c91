import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { redisProcessId } from '@outrigger/chaos/redis-command';
import { findFreePort } from '@outrigger/local/ports.ts';
import { startRedis } from '@outrigger/local/redis.ts';
import { compileContent, htmlToTextSource } from '@outrigger/render';
import { CALL_SLOT } from '../numbers.ts';
import { demoCampaignOf, type Scenario } from '../scenarios.ts';
import { startService } from '../service.ts';
import type { SystemOptions } from '../system.ts';
import type { Target } from '../target.ts';
import type { NaiveTemplates } from './naive-render.ts';

/** Starts the naive pipeline on a Redis of its own, with the same mail and the same calls as the product gets. */
export async function startNaive(scenario: Scenario, options: SystemOptions, mjmlInJob: boolean): Promise<Target> {
  const { folder, root } = options;
  const logs = join(folder, 'logs');
  mkdirSync(logs, { recursive: true });
  const redis = await startRedis({
    folder: join(folder, 'redis'),
    packageFolder: options.packageFolder,
    port: await findFreePort(),
    say: console.log,
  });
  if (!redis) throw new Error('there is no Redis for the naive pipeline');
  const templates = join(folder, 'templates.json');
  writeFileSync(templates, JSON.stringify(await templatesOf(scenario, mjmlInJob)));
  const environment = { QUEUE_URL: redis.url, SES_ENDPOINT: options.providerUrl, TEMPLATES: templates };
  const start = (name: string, role: string) =>
    startService(
      { name, script: join('packages', 'bench', 'src', 'naive', 'naive-main.ts'), args: [role], environment },
      root,
      logs,
    );
  const api = await start('naive api', 'api');
  const workers = [];
  for (let count = 1; count <= options.workers; count++) workers.push(await start(`naive worker ${count}`, 'worker'));
  const services = [api, ...workers];
  const redisId = await redisProcessId(redis.url);
  const stopServices = async () => {
    await Promise.all(services.splice(0).map((service) => service.stop()));
  };
  const places = Array.from({ length: scenario.recipientsPerCall }, (_, place) => place);
  return {
    name: mjmlInJob ? 'naive, MJML in the job' : 'naive',
    port: api.port,
    calls: {
      path: `/ajo/im/executions/${scenario.endpoint}`,
      headers: { 'content-type': 'application/json' },
      recipients: scenario.recipientsPerCall,
      body: { requestId: `bench-${CALL_SLOT}`, recipients: places.map((place) => scenario.recipient(place)) },
    },
    groups: [
      ...services.map(({ name, processId }) => ({ name, processIds: () => [processId] })),
      { name: 'redis', processIds: () => [redisId] },
    ],
    versions: { node: process.version },
    stored: async () => undefined,
    verify: async () => [],
    stopServices,
    async stop() {
      await stopServices();
      await redis.stop();
    },
  };
}

/** The product's own templates. The text part comes from the HTML once, as in the product: no html-to-text a mail. */
async function templatesOf(scenario: Scenario, mjmlInJob: boolean): Promise<NaiveTemplates> {
  const [action] = demoCampaignOf(scenario).definition('').packages as [
    { content: { subject: string; mjml: { body: string } } },
  ];
  const inContext = (text: string) => text.replaceAll('profile.', 'context.');
  const source = inContext(action.content.mjml.body);
  const { compiled } = await compileContent({ html: { format: 'mjml', escape: 'html', source } });
  if (!compiled) throw new Error('the demo mail does not compile');
  const html = compiled.parts.html!.source;
  return { subject: action.content.subject, html: mjmlInJob ? source : html, text: htmlToTextSource(html), mjmlInJob };
}
