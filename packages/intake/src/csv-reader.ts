/** A row with the line on which it begins (from 1), or why it is none. */
export type CsvRow = { line: number; cells: string[] } | { line: number; problem: string };

/** A cell that is longer is no cell: most often a quote that is never closed. */
const MAX_CELL = 20_000;
const MAX_CELLS = 500;

type Place = 'start' | 'plain' | 'quoted' | 'after_quote' | 'lost';

/**
 * Reads CSV (RFC 4180: commas, quotes doubled inside quotes, line breaks inside quotes) piece by piece, in bounded memory. A bad
 * row costs itself alone: reading goes on at the next line break. Empty lines are left out.
 */
export function createCsvReader() {
  let line = 1;
  let rowLine = 1;
  let cells: string[] = [];
  let cell = '';
  let place: Place = 'start';
  let problem: string | undefined;
  let afterReturn = false;
  let rows: CsvRow[] = [];

  function endCell(): void {
    if (cells.length < MAX_CELLS) cells.push(cell);
    else problem ??= `has more than ${MAX_CELLS} cells`;
    cell = '';
    place = 'start';
  }

  function endRow(): void {
    const empty = cells.length === 0 && cell === '' && place === 'start' && problem === undefined;
    if (!empty) {
      endCell();
      rows.push(problem === undefined ? { line: rowLine, cells } : { line: rowLine, problem });
    }
    cells = [];
    cell = '';
    place = 'start';
    problem = undefined;
    rowLine = line;
  }

  function lose(why: string): void {
    problem ??= why;
    cell = '';
    place = 'lost';
  }

  function add(text: string): void {
    cell += text;
    if (cell.length <= MAX_CELL) return;
    lose(
      place === 'quoted' ? 'has a quote that is not closed, or a cell that is too long' : 'has a cell that is too long',
    );
  }

  function lineBreak(): void {
    line++;
    if (place === 'quoted') add('\n');
    else endRow();
  }

  function take(char: string): void {
    switch (place) {
      case 'start':
        if (char === '"') place = 'quoted';
        else {
          place = 'plain';
          add(char);
        }
        return;
      case 'plain':
        if (char === '"') lose('has a quote inside a cell that does not begin with one');
        else add(char);
        return;
      case 'quoted':
        if (char === '"') place = 'after_quote';
        else add(char);
        return;
      case 'after_quote':
        if (char === '"') {
          place = 'quoted';
          add('"');
        } else lose('has text after a closing quote');
        return;
      case 'lost':
        return;
      default:
        place satisfies never;
    }
  }

  /** Everything up to the next character that means something, at once. */
  const plainRun = /[^",\r\n]+/y;

  return {
    /** Takes the next piece of text; returns the rows that are complete. */
    push(text: string): CsvRow[] {
      rows = [];
      for (let at = 0; at < text.length; ) {
        const char = text[at]!;
        if (char === '\n' || char === '\r') {
          if (!(char === '\n' && afterReturn)) lineBreak();
          afterReturn = char === '\r';
          at++;
          continue;
        }
        afterReturn = false;
        if (char === ',' && place !== 'quoted' && place !== 'lost') {
          endCell();
          at++;
          continue;
        }
        plainRun.lastIndex = at;
        const run = place === 'plain' || place === 'quoted' ? plainRun.exec(text)?.[0] : undefined;
        if (run !== undefined) {
          add(run);
          at += run.length;
        } else {
          take(char);
          at++;
        }
      }
      return rows;
    },
    /** The last row, when the file does not end with a line break. */
    end(): CsvRow[] {
      rows = [];
      if (place === 'quoted') lose('has a quote that is not closed');
      endRow();
      return rows;
    },
  };
}
