/** Where a page of an ordered list begins: a value of what it is ordered by, and the id that parts equal values. */
export type PageStart = { value: string; id: string | undefined };

/** What a list can be ordered by: a column (or an expression), and how a value that a caller names is compared with it. */
export type OrderColumn = { column: string; type: 'text' | 'bigint' | 'milliseconds' };

const COMPARED: Record<OrderColumn['type'], (placeholder: string) => string> = {
  text: (placeholder) => `${placeholder}::text`,
  bigint: (placeholder) => `${placeholder}::bigint`,
  // With the column as it is, so that its index serves the page.
  milliseconds: (placeholder) => `to_timestamp(${placeholder}::double precision / 1000)::timestamptz(3)`,
};

const WITH_ID = /^(.*)~([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$/s;

/** Reads `start`: our own `value~id`, or a bare value, from which on the list is meant. */
export function parsePageStart(text: string): PageStart {
  const [, value, id] = WITH_ID.exec(text) ?? [];
  return value !== undefined && id !== undefined ? { value, id } : { value: text, id: undefined };
}

export function pageStartText(value: string | number, id: string): string {
  return `${value}~${id}`;
}

/**
 * The condition and order of a page that starts at `start` (inclusive), as SQL over the column and the id column. `values`
 * takes what the condition refers to. Columns come from a fixed table, never from a caller.
 */
export function keysetSql(
  order: OrderColumn & { idColumn: string; descending: boolean },
  start: PageStart | undefined,
  values: unknown[],
): { where: string; orderBy: string } {
  const { column, type, idColumn, descending } = order;
  const direction = descending ? 'DESC' : 'ASC';
  const orderBy = `${column} ${direction}, ${idColumn} ${direction}`;
  if (!start) return { where: 'true', orderBy };
  const comparison = descending ? '<=' : '>=';
  values.push(start.value);
  const value = COMPARED[type](`$${values.length}`);
  if (start.id === undefined) return { where: `${column} ${comparison} ${value}`, orderBy };
  values.push(start.id);
  return { where: `(${column}, ${idColumn}) ${comparison} (${value}, $${values.length}::uuid)`, orderBy };
}
