const WIDEST_CELL = 60;

/** Text that can be shown: providers' answers end up in here, and a terminal must not obey them. */
export function clean(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]/gu, ' ');
}

/** Columns under headings, as wide as their widest cell; long cells are cut. Nothing but `empty` when there are no rows. */
export function table(headings: string[], rows: unknown[][], empty: string): string {
  if (rows.length === 0) return empty;
  const shown = rows.map((row) => row.map(cell));
  const widths = headings.map((heading, column) =>
    Math.max(heading.length, ...shown.map((row) => row[column]?.length ?? 0)),
  );
  return [headings, ...shown].map((row) => line(row, widths)).join('\n');
}

function cell(value: unknown): string {
  const text = value === undefined || value === null || value === '' ? '-' : clean(String(value));
  return text.length > WIDEST_CELL ? `${text.slice(0, WIDEST_CELL - 1)}…` : text;
}

function line(row: string[], widths: number[]): string {
  return row
    .map((text, column) => text.padEnd(widths[column]!))
    .join('  ')
    .trimEnd();
}

/** `name: value` lines; members without a value are left out. */
export function facts(members: Record<string, unknown>): string {
  return Object.entries(members)
    .filter(([, value]) => value !== undefined && value !== null && value !== '')
    .map(([name, value]) => `${name}: ${clean(String(value))}`)
    .join('\n');
}

/** JSON for a person: indented, and as harmless to a terminal as everything else. */
export function shownJson(value: unknown): string {
  return JSON.stringify(value, null, 2).split('\n').map(clean).join('\n');
}

/** A span of time as a person says it. */
export function shownAge(ms: number | null): string {
  if (ms === null) return '-';
  const seconds = Math.round(ms / 1_000);
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 120 ? `${minutes} min` : `${(minutes / 60).toFixed(1)} h`;
}
