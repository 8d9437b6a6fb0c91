import type { Dashboard, Panel } from './panels.ts';

/** One line of a panel: its legend and its points, of seconds since 1970 and value. */
export type Series = { legend: string; points: [number, number][] };
export type DrawnPanel = { panel: Panel; series: Series[] };
export type Span = { fromS: number; untilS: number };

const COLUMNS = 2;
const PANEL = { width: 480, height: 200, gap: 12 };
const PLOT = { left: 64, top: 30, right: 12, bottom: 58 };
const HEAD = 44;
/** Told apart by people who do not see red and green alike (Okabe and Ito). */
const COLOURS = ['#0072b2', '#e69f00', '#009e73', '#cc79a7', '#56b4e9', '#d55e00', '#f0e442', '#555555'];
const GRID_LINES = 3;
const LEGEND_ROWS = 2;
/** Letters from which on a legend takes half of a panel. */
const LONG_LEGEND = 15;

/** A dashboard as a picture that needs nothing but a browser: each panel with its lines, a scale and what they mean. */
export function dashboardSvg(dashboard: Dashboard, panels: DrawnPanel[], span: Span, caption: string): string {
  const rows = Math.ceil(panels.length / COLUMNS);
  const width = COLUMNS * (PANEL.width + PANEL.gap) + PANEL.gap;
  const height = HEAD + rows * (PANEL.height + PANEL.gap);
  const drawn = panels.map((one, index) => {
    const x = PANEL.gap + (index % COLUMNS) * (PANEL.width + PANEL.gap);
    const y = HEAD + Math.floor(index / COLUMNS) * (PANEL.height + PANEL.gap);
    return `<g transform="translate(${x} ${y})">\n${panelSvg(one, span)}\n</g>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="sans-serif" font-size="11">`,
    `<title>${escaped(dashboard.title)}</title>`,
    `<rect width="${width}" height="${height}" fill="#f4f5f7"/>`,
    `<text x="${PANEL.gap}" y="20" font-size="15" font-weight="bold">${escaped(dashboard.title)}</text>`,
    `<text x="${PANEL.gap}" y="36" fill="#555">${escaped(caption)}</text>`,
    ...drawn,
    '</svg>\n',
  ].join('\n');
}

function panelSvg({ panel, series }: DrawnPanel, span: Span): string {
  const frame = [
    `<rect width="${PANEL.width}" height="${PANEL.height}" rx="4" fill="#fff" stroke="#d8dadf"/>`,
    `<text x="12" y="19" font-weight="bold">${escaped(panel.title)}</text>`,
  ];
  if (panel.mustBeZero) return [...frame, bigNumber(series)].join('\n');
  const highest = niceTop(Math.max(0, ...series.flatMap(({ points }) => points.map(([, value]) => value))));
  const plot = { width: PANEL.width - PLOT.left - PLOT.right, height: PANEL.height - PLOT.top - PLOT.bottom };
  const x = (seconds: number) => PLOT.left + ((seconds - span.fromS) / (span.untilS - span.fromS)) * plot.width;
  const y = (value: number) => PLOT.top + (1 - value / highest) * plot.height;
  for (let line = 0; line <= GRID_LINES; line++) {
    const value = (highest * line) / GRID_LINES;
    const at = y(value).toFixed(1);
    frame.push(`<line x1="${PLOT.left}" x2="${PANEL.width - PLOT.right}" y1="${at}" y2="${at}" stroke="#e6e8eb"/>`);
    frame.push(
      `<text x="${PLOT.left - 6}" y="${at}" dy="4" text-anchor="end" fill="#555">${shown(value, panel.unit)}</text>`,
    );
  }
  const minutes = ((span.untilS - span.fromS) / 60).toFixed(0);
  const axis = PANEL.height - PLOT.bottom + 14;
  frame.push(`<text x="${PLOT.left}" y="${axis}" fill="#555">${minutes} min ago</text>`);
  frame.push(`<text x="${PANEL.width - PLOT.right}" y="${axis}" text-anchor="end" fill="#555">the end</text>`);
  const lines = series.slice(0, COLOURS.length).flatMap(({ points }, index) =>
    withoutGaps(points).map((run) => {
      const path = run.map(([at, value]) => `${x(at).toFixed(1)},${y(value).toFixed(1)}`).join(' ');
      return `<polyline fill="none" stroke="${COLOURS[index]}" stroke-width="1.5" points="${path}"/>`;
    }),
  );
  return [...frame, ...lines, legend(series)].join('\n');
}

/** The runs of points that follow each other; where a process was away there is no line. */
function withoutGaps(points: [number, number][]): [number, number][][] {
  const step = Math.min(...points.slice(1).map(([at], index) => at - points[index]![0]));
  const runs: [number, number][][] = [];
  for (const [index, point] of points.entries()) {
    if (index > 0 && point[0] - points[index - 1]![0] < 2 * step) runs.at(-1)!.push(point);
    else runs.push([point]);
  }
  return runs;
}

function bigNumber(series: Series[]): string {
  const value = series[0]?.points.at(-1)?.[1] ?? Number.NaN;
  const colour = value === 0 ? '#009e73' : '#d55e00';
  const middle = `x="${PANEL.width / 2}" y="${PANEL.height / 2 + 24}" text-anchor="middle"`;
  return `<text ${middle} font-size="64" font-weight="bold" fill="${colour}">${value}</text>`;
}

/** What the lines mean, below the plot, in rows; what has no room is left out. */
function legend(series: Series[]): string {
  if (series.length === 0) return `<text x="${PLOT.left}" y="${PANEL.height - 24}" fill="#555">nothing but zero</text>`;
  const columns = series.some(({ legend: text }) => text.length > LONG_LEGEND) ? 2 : 4;
  return series
    .slice(0, Math.min(COLOURS.length, columns * LEGEND_ROWS))
    .map(({ legend: text }, index) => {
      const x = 14 + (index % columns) * ((PANEL.width - 14) / columns);
      const y = PANEL.height - 24 + Math.floor(index / columns) * 14;
      return `<rect x="${x}" y="${y - 8}" width="8" height="8" fill="${COLOURS[index]}"/><text x="${x + 12}" y="${y}">${escaped(text)}</text>`;
    })
    .join('');
}

function shown(value: number, unit: Panel['unit']): string {
  if (unit === 'bytes') return `${(value / 1e6).toFixed(0)} MB`;
  if (unit === 'percentunit') return `${(value * 100).toFixed(0)} %`;
  if (unit === 's' && value < 1) return `${Number((value * 1_000).toPrecision(3))} ms`;
  const text = Number(value.toPrecision(3)).toLocaleString('en-US');
  return unit === 's' ? `${text} s` : unit === 'reqps' ? `${text}/s` : text;
}

/** The next of 1, 1.5, 2, 3, 5, 7.5 times a power of ten. */
function niceTop(value: number): number {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return power * ([1, 1.5, 2, 3, 5, 7.5, 10].find((step) => step * power >= value) ?? 10);
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
