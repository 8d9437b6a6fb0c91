import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, test } from 'node:test';
import { describeMetrics } from '@outrigger/metrics';
import { parse } from 'yaml';
import { DASHBOARDS } from '../../infra/grafana/panels.ts';

const ROOT = join(import.meta.dirname, '..', '..');

type Rule = { alert: string; expr: string; annotations: { summary: string; runbook: string } };
const alerts: Rule[] = parse(readFileSync(join(ROOT, 'infra/prometheus/alerts.yml'), 'utf8')).groups.flatMap(
  (group: { rules: Rule[] }) => group.rules,
);

/** Every series that a metric of ours gives; a histogram gives three. */
const series = new Set(
  describeMetrics().flatMap(({ name, kind }) =>
    kind === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
  ),
);

const unknownIn = (expression: string) =>
  [...expression.matchAll(/outrigger_\w+/g)].filter(([name]) => !series.has(name));

describe('what watches over a run', () => {
  test('every alert asks for metrics that exist', () => {
    assert.ok(alerts.length >= 7);
    for (const { alert, expr } of alerts) assert.deepEqual(unknownIn(expr), [], alert);
  });

  test('every alert has a runbook that carries its name, and every runbook an alert', () => {
    for (const { alert, annotations } of alerts) {
      const page = join(ROOT, annotations.runbook);
      assert.ok(existsSync(page), `${alert}: ${annotations.runbook} is not there`);
      assert.ok(
        readFileSync(page, 'utf8').split('\n')[0]!.includes(alert),
        `${annotations.runbook} does not name ${alert}`,
      );
    }
    const pages = readdirSync(join(ROOT, 'docs/runbooks')).filter((name) => name !== 'README.md');
    const led = new Set(alerts.map(({ annotations }) => basename(annotations.runbook)));
    assert.deepEqual(
      pages.filter((page) => !led.has(page)),
      [],
    );
  });

  test('every panel of the dashboards asks for metrics that exist', () => {
    for (const { title, panels } of DASHBOARDS) {
      assert.ok(panels.length > 0);
      for (const panel of panels)
        for (const { expr } of panel.queries) assert.deepEqual(unknownIn(expr), [], `${title}: ${panel.title}`);
    }
  });

  test('every query of the metrics page asks for metrics that exist', () => {
    const page = readFileSync(join(ROOT, 'docs/metrics.md'), 'utf8');
    const queries = page.slice(page.indexOf('## Questions'));
    const names = [...queries.matchAll(/outrigger_\w+/g)].map(([name]) => name);
    assert.ok(names.length >= 7);
    const metrics = new Set(describeMetrics().map(({ name }) => name));
    assert.deepEqual(
      names.filter((name) => !series.has(name) && !metrics.has(name)),
      [],
    );
  });
});
