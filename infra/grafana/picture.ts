/**
 * Draws a dashboard from the answers of a Prometheus, for where there is no Grafana:
 *   node infra/grafana/picture.ts http://127.0.0.1:9090 outrigger-delivery 5 'what is seen' 2031-05-04T01:00:00Z > picture.svg
 * Without the last, the five minutes end now.
 */
import { DASHBOARDS, type Panel } from './panels.ts';
import { type DrawnPanel, dashboardSvg, type Series, type Span } from './picture-svg.ts';

const POINTS = 120;
/** What Grafana puts in for `$__rate_interval` at a scrape every five seconds. */
const RATE_INTERVAL = '20s';

type Answer = {
  status: string;
  error?: string;
  data?: { result: { metric: Record<string, string>; values: [number, string][] }[] };
};

const [url, uid, minutes, caption = '', until] = process.argv.slice(2);
const dashboard = DASHBOARDS.find((one) => one.uid === uid);
if (!url || !dashboard || !(Number(minutes) > 0)) {
  const names = DASHBOARDS.map((one) => one.uid).join(' or ');
  console.error(
    `usage: node infra/grafana/picture.ts <Prometheus> <${names}> <minutes> [caption] [until] > picture.svg`,
  );
  process.exit(64);
}
const untilS = Math.floor((until === undefined ? Date.now() : Date.parse(until)) / 1000);
const span: Span = { fromS: untilS - Number(minutes) * 60, untilS };
const panels: DrawnPanel[] = [];
for (const panel of dashboard.panels) panels.push({ panel, series: await seriesOf(panel) });
process.stdout.write(dashboardSvg(dashboard, panels, span, caption));

async function seriesOf(panel: Panel): Promise<Series[]> {
  const found: Series[] = [];
  for (const { expr, legend } of panel.queries) {
    const query = new URLSearchParams({
      query: expr.replaceAll('$__rate_interval', RATE_INTERVAL),
      start: String(span.fromS),
      end: String(span.untilS),
      step: String(Math.max(1, Math.round((span.untilS - span.fromS) / POINTS))),
    });
    const answer = (await (await fetch(`${url}/api/v1/query_range?${query}`)).json()) as Answer;
    if (answer.status !== 'success') throw new Error(`${panel.title}: ${answer.error}`);
    for (const { metric, values } of answer.data!.result) {
      const points = values.map(([at, value]): [number, number] => [at, Number(value)]);
      found.push({
        legend: legend.replaceAll(/\{\{(\w+)\}\}/g, (_, label: string) => metric[label] ?? ''),
        points: points.filter(([, value]) => Number.isFinite(value)),
      });
    }
  }
  if (panel.mustBeZero) return found;
  // Of eight lanes most are idle: those are left out, and what moved most comes first.
  const height = ({ points }: Series) => Math.max(0, ...points.map(([, value]) => value));
  return found.filter((series) => height(series) > 0).sort((a, b) => height(b) - height(a));
}
