import type { Flame } from './flame-graph.ts';

const WIDTH = 1_600;
const ROW = 18;
const MARGIN = 12;
const HEAD = 64;
/** Narrower than this is left out: nobody could point at it. */
const LEAST_WIDTH = 0.7;
const CHARACTER = 6.4;
const DEEPEST = 48;
const COLOURS: Record<Flame['kind'], string> = {
  process: '#c9d3df',
  own: '#f6b26b',
  library: '#9fc5e8',
  node: '#d9ead3',
};

/** Draws flames side by side, callers above what they call, as an SVG that names each box when it is pointed at. */
export function flamePicture(title: string, subtitle: string, flames: Flame[]): string {
  const total = flames.reduce((sum, { us }) => sum + us, 0);
  const perUs = (WIDTH - 2 * MARGIN) / total;
  const boxes: string[] = [];
  let deepest = 0;
  const draw = (flame: Flame, left: number, depth: number): void => {
    const width = flame.us * perUs;
    if (width < LEAST_WIDTH || depth > DEEPEST) return;
    deepest = Math.max(deepest, depth);
    boxes.push(box(flame, left, HEAD + depth * ROW, width, total));
    let from = left;
    for (const child of [...flame.children.values()].sort((a, b) => b.us - a.us)) {
      draw(child, from, depth + 1);
      from += child.us * perUs;
    }
  };
  let from = MARGIN;
  for (const flame of flames) {
    draw(flame, from, 0);
    from += flame.us * perUs;
  }
  const height = HEAD + (deepest + 1) * ROW + MARGIN;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="ui-monospace, Menlo, Consolas, monospace" font-size="11">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
    `<text x="${MARGIN}" y="24" font-size="16" fill="#222222">${escaped(title)}</text>`,
    `<text x="${MARGIN}" y="44" fill="#555555">${escaped(subtitle)}</text>`,
    ...boxes,
    '</svg>\n',
  ].join('\n');
}

function box({ name, kind, us }: Flame, left: number, top: number, width: number, total: number): string {
  const label = kind === 'process' ? `${name} ${us.toFixed(0)} us` : name;
  const room = Math.floor((width - 6) / CHARACTER);
  const shown = room < 3 ? '' : label.length <= room ? label : `${label.slice(0, room - 1)}…`;
  const [x, y, w] = [left.toFixed(1), top, Math.max(width - 0.4, 0.3).toFixed(1)];
  const text =
    shown === '' ? '' : `<text x="${(left + 3).toFixed(1)}" y="${top + 12}" fill="#222222">${escaped(shown)}</text>`;
  const told = `${name}: ${us.toFixed(1)} us, ${((100 * us) / total).toFixed(1)} %`;
  return `<g><title>${escaped(told)}</title><rect x="${x}" y="${y}" width="${w}" height="${ROW - 1}" rx="1" fill="${COLOURS[kind]}"/>${text}</g>`;
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
