import type { Dashboard, Panel } from './panels.ts';

const COLUMNS = 2;
const WIDTH = 24 / COLUMNS;
const HEIGHT = 8;
const SOURCE = { type: 'prometheus', uid: '$datasource' };

/** A dashboard in Grafana's own format (schema version 39, Grafana 10 and newer), with its data source as a variable. */
export function dashboardJson(dashboard: Dashboard): string {
  const json = {
    uid: dashboard.uid,
    title: dashboard.title,
    tags: ['outrigger'],
    schemaVersion: 39,
    time: { from: 'now-1h', to: 'now' },
    refresh: '10s',
    templating: {
      list: [{ name: 'datasource', label: 'Prometheus', type: 'datasource', query: 'prometheus', current: {} }],
    },
    panels: dashboard.panels.map(panelJson),
  };
  return `${JSON.stringify(json, null, 2)}\n`;
}

function panelJson(panel: Panel, index: number) {
  const zero = {
    mode: 'absolute',
    steps: [
      { color: 'green', value: null },
      { color: 'red', value: 1 },
    ],
  };
  return {
    id: index + 1,
    title: panel.title,
    type: panel.mustBeZero ? 'stat' : 'timeseries',
    datasource: SOURCE,
    gridPos: { x: (index % COLUMNS) * WIDTH, y: Math.floor(index / COLUMNS) * HEIGHT, w: WIDTH, h: HEIGHT },
    fieldConfig: { defaults: { unit: panel.unit, ...(panel.mustBeZero && { thresholds: zero }) }, overrides: [] },
    options: panel.mustBeZero ? { colorMode: 'background', reduceOptions: { calcs: ['lastNotNull'] } } : {},
    targets: panel.queries.map(({ expr, legend }, place) => ({
      refId: String.fromCharCode(65 + place),
      datasource: SOURCE,
      expr,
      legendFormat: legend,
    })),
  };
}
