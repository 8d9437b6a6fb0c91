import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Dashboard } from './panels.ts';
import { dashboardSvg } from './picture-svg.ts';

const lost = { title: 'Lost', unit: 'short', mustBeZero: true, queries: [] } as const;
const rate = { title: 'Sent <&> "more"', unit: 'reqps', queries: [] } as const;
const dashboard: Dashboard = {
  uid: 'x',
  title: 'A dashboard',
  panels: [
    { ...lost, queries: [] },
    { ...rate, queries: [] },
  ],
};
const span = { fromS: 1_000, untilS: 1_060 };

function draw(points: [number, number][]): string {
  const [first, second] = dashboard.panels;
  const panels = [
    { panel: first!, series: [{ legend: 'lost', points: [[1_060, 0]] as [number, number][] }] },
    { panel: second!, series: points.length > 0 ? [{ legend: 'email & more', points }] : [] },
  ];
  return dashboardSvg(dashboard, panels, span, 'a run');
}

test('a line goes from the left to the right of its panel, and its highest point lies on the scale', () => {
  const svg = draw([
    [1_000, 0],
    [1_060, 150],
  ]);
  assert.match(svg, /points="64\.0,142\.0 468\.0,30\.0"/);
  assert.match(svg, />150\/s</);
  assert.match(svg, /font-size="64"[^>]*fill="#009e73">0</);
});

test('a line ends where nothing was measured, and goes on behind that', () => {
  const svg = draw([0, 5, 10, 40, 45].map((after) => [1_000 + after, 1]));
  assert.equal(svg.match(/<polyline/g)?.length, 2);
});

test('what a label holds is text and no markup', () => {
  const svg = draw([[1_000, 1]]);
  assert.ok(svg.includes('Sent &lt;&amp;&gt; &quot;more&quot;'));
  assert.ok(svg.includes('email &amp; more'));
});

test('a panel without a series says so', () => {
  assert.ok(draw([]).includes('nothing but zero'));
});
