import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { findFreePort, openTestLedger, waitFor } from '@outrigger/testkit';
import { DASHBOARDS } from '../../infra/grafana/panels.ts';
import { createDemo, startStack, type TestStack } from '../e2e/stack.ts';

const ledger = await openTestLedger();
const absent = spawnSync('prometheus', ['--version']).error
  ? 'did not run: there is no prometheus on PATH (Debian has one)'
  : false;
const ALERTS = join(import.meta.dirname, '..', '..', 'infra', 'prometheus', 'alerts.yml');

type Answer = {
  status: string;
  error?: string;
  data: { result: { metric: Record<string, string>; value: [number, string] }[] };
};

describe('a real Prometheus that looks at a running stack', { skip: absent }, () => {
  let stack: TestStack;
  let prometheus: ChildProcess;
  let folder: string;
  let url: string;

  before(async () => {
    stack = await startStack(ledger, 'postgres');
    folder = await mkdtemp(join(tmpdir(), 'outrigger-prometheus-'));
    const targets = [...stack.services.values()].map((service) => new URL(service.url).host);
    const config = {
      global: { scrape_interval: '1s', evaluation_interval: '1s' },
      rule_files: [ALERTS],
      scrape_configs: [{ job_name: 'outrigger', static_configs: [{ targets }] }],
    };
    await writeFile(join(folder, 'prometheus.yml'), JSON.stringify(config));
    const port = await findFreePort();
    url = `http://127.0.0.1:${port}`;
    prometheus = spawn(
      'prometheus',
      [
        `--config.file=${join(folder, 'prometheus.yml')}`,
        `--storage.tsdb.path=${join(folder, 'data')}`,
        `--web.listen-address=127.0.0.1:${port}`,
      ],
      { stdio: 'ignore' },
    );
    await waitFor('Prometheus to be ready', async () => {
      const ready = await fetch(`${url}/-/ready`).catch(() => undefined);
      return ready?.ok;
    });
  });
  after(async () => {
    const exited = once(prometheus, 'exit');
    prometheus.kill('SIGTERM');
    await exited;
    await stack.stop();
    await rm(folder, { recursive: true, force: true });
  });

  async function ask(expression: string): Promise<Answer> {
    const query = new URLSearchParams({ query: expression.replaceAll('$__rate_interval', '10s') });
    return (await fetch(`${url}/api/v1/query?${query}`)).json() as Promise<Answer>;
  }

  test('sees every service, and each alert rule is loaded and quiet', async () => {
    await waitFor('every service to be scraped', async () => {
      const { data } = await ask('up == 1');
      return data.result.length === stack.services.size;
    });
    const answer = await fetch(`${url}/api/v1/rules`);
    const { data } = (await answer.json()) as {
      data: { groups: { rules: { name: string; health: string; state: string }[] }[] };
    };
    const rules = data.groups.flatMap((group) => group.rules);
    assert.ok(rules.length >= 8);
    assert.deepEqual(
      rules.filter(({ health, state }) => health === 'err' || state === 'firing'),
      [],
    );
  });

  test('answers every query of the dashboards, and shows the messages that went through', async (t) => {
    const demo = await createDemo(stack, 'order');
    const send = () =>
      stack.trigger({ requestId: randomUUID(), campaignId: demo.campaignId, recipients: [demo.recipient] });
    // A rate needs two looks with something between them.
    await waitFor('the sent messages to be seen', async () => {
      await send();
      const { data } = await ask('sum(rate(outrigger_outcomes_total{state="sent"}[10s]))');
      return Number(data.result[0]?.value[1] ?? 0) > 0;
    });
    for (const { title, panels } of DASHBOARDS) {
      for (const panel of panels) {
        for (const { expr } of panel.queries) {
          const answer = await ask(expr);
          assert.equal(answer.status, 'success', `${title}, ${panel.title}: ${answer.error}`);
          const [first] = answer.data.result;
          t.diagnostic(
            `${title}, ${panel.title}: ${answer.data.result.length} series${first ? `, the first is ${first.value[1]}` : ''}`,
          );
        }
      }
    }
    const { data } = await ask(
      'histogram_quantile(0.99, sum by (le, lane) (rate(outrigger_call_to_provider_seconds_bucket[10s])))',
    );
    const [p99] = data.result;
    assert.equal(p99!.metric.lane, 'email');
    assert.ok(Number(p99!.value[1]) > 0 && Number(p99!.value[1]) < 60);
  });
});
