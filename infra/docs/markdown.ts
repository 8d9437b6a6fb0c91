/** A table in Markdown, its columns aligned as the formatter does it. A `|` inside a cell is escaped: it would end the cell. */
export function formatTable(head: string[], rows: string[][]): string {
  const lines = [head, ...rows].map((cells) => cells.map((cell) => cell.replaceAll('|', '\\|')));
  const widths = head.map((_, column) => Math.max(3, ...lines.map((cells) => cells[column]?.length ?? 0)));
  const line = (cells: string[]) => `| ${cells.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`;
  const rule = line(widths.map((width) => '-'.repeat(width)));
  const [first, ...others] = lines.map(line);
  return [first, rule, ...others].join('\n');
}

const begin = (name: string) => `<!-- generated: ${name}. Do not edit: npm run docs -->`;
const end = (name: string) => `<!-- end of ${name} -->`;

/** Replaces what stands between a block's two markers. Throws when the page has no such markers. */
export function replaceBlock(page: string, name: string, block: string): string {
  const from = page.indexOf(begin(name));
  const to = page.indexOf(end(name));
  if (from < 0 || to < from) throw new Error(`the page has no markers for ${name}: ${begin(name)} and ${end(name)}`);
  return `${page.slice(0, from)}${begin(name)}\n\n${block}\n\n${page.slice(to)}`;
}

/** The cells of every table row of a page whose first cell is a single piece of code. */
export function tableRows(page: string): { code: string; cells: string[] }[] {
  return page.split('\n').flatMap((line) => {
    const cells = line
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll('\\|', '|'));
    const code = /^`([^`]+)`$/.exec(cells[0] ?? '')?.[1];
    return code === undefined ? [] : [{ code, cells }];
  });
}
