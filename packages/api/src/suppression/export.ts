import { listSuppressions, type Pool, parsePageStart, type SuppressionListType } from '@outrigger/store';
import { csvCell } from './csv.ts';

const PAGE = 1_000;

/** A whole list as CSV, in the format of uploads, a page at a time: however long it is, a page of it is in memory. */
export async function* exportSuppressions(
  pool: Pool,
  tenantId: number,
  listType: SuppressionListType,
): AsyncGenerator<string> {
  yield 'TYPE,VALUE,COMMENT\r\n';
  for (const entityType of ['email', 'domain'] as const) {
    for (let start: string | undefined; ; ) {
      const page = await listSuppressions(pool, tenantId, {
        listType,
        entityType,
        order: { name: 'entityvalue', descending: false },
        start: start === undefined ? undefined : parsePageStart(start),
        limit: PAGE + 1,
      });
      const rows = page.slice(0, PAGE).map(({ entityValue, comment }) => {
        const cells = [entityType.toUpperCase(), entityValue, comment];
        return `${cells.map(csvCell).join(',')}\r\n`;
      });
      yield rows.join('');
      const following = page[PAGE];
      if (!following) break;
      start = `${following.entityValue}~${following.id}`;
    }
  }
}
