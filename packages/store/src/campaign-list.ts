import type { CampaignStatus } from '@outrigger/core';
import { CAMPAIGN_COLUMNS, type Campaign } from './campaigns.ts';
import type { Pool } from './pool.ts';

/** What a list can be filtered and ordered by: the API's name to the column. */
const COLUMNS = {
  campaignId: { column: 'campaign_id', kind: 'id' },
  name: { column: 'name', kind: 'text' },
  description: { column: 'description', kind: 'text' },
  status: { column: 'status', kind: 'text' },
  category: { column: 'category', kind: 'text' },
  channel: { column: 'upper(channel)', kind: 'text' },
  highThroughputMode: { column: 'high_throughput', kind: 'boolean' },
  tags: { column: 'tags', kind: 'list' },
  createdBy: { column: 'created_by', kind: 'text' },
  modifiedBy: { column: 'modified_by', kind: 'text' },
  createdAt: { column: 'created_at', kind: 'instant' },
  modifiedAt: { column: 'modified_at', kind: 'instant' },
  publishedAt: { column: 'published_at', kind: 'instant' },
} as const;
export type CampaignField = keyof typeof COLUMNS;
export const CAMPAIGN_FIELDS = Object.keys(COLUMNS) as CampaignField[];
/** What the value of a field must be. */
export const kindOfField = (field: CampaignField) => COLUMNS[field].kind;

export type CampaignCondition = {
  field: CampaignField;
  operator: 'equals' | 'differs' | 'like' | 'before' | 'after';
  /** One value, or several of which one must fit. Checked by the caller: ids are uuids, instants are dates. */
  values: string[];
};

export type CampaignOrder = { field: Exclude<CampaignField, 'tags'>; descending: boolean };

/** A page of a tenant's campaigns with the number of all that match. Without a condition on the status, `statuses` is the filter. */
export async function listCampaigns(
  pool: Pool,
  tenantId: number,
  page: {
    statuses?: readonly CampaignStatus[];
    conditions?: CampaignCondition[];
    order?: CampaignOrder;
    limit: number;
    offset: number;
  },
): Promise<{ campaigns: Campaign[]; totalCount: number }> {
  const values: unknown[] = [tenantId];
  const bound = (value: unknown) => `$${values.push(value)}`;
  const where = ['tenant_id = $1', "status <> 'DELETED'"];
  if (page.statuses) where.push(`status = ANY(${bound(page.statuses)})`);
  for (const condition of page.conditions ?? []) where.push(conditionSql(condition, bound));
  const matches = where.join(' AND ');
  const { field, descending } = page.order ?? { field: 'createdAt', descending: true };
  const direction = descending ? 'DESC' : 'ASC';
  const counted = values.slice();
  const [found, total] = await Promise.all([
    pool.query<Campaign>(
      `SELECT ${CAMPAIGN_COLUMNS} FROM campaigns WHERE ${matches}
       ORDER BY ${COLUMNS[field].column} ${direction} NULLS LAST, campaign_id ${direction}
       LIMIT ${bound(page.limit)} OFFSET ${bound(page.offset)}`,
      values,
    ),
    pool.query<{ total: number }>(`SELECT count(*)::int AS total FROM campaigns WHERE ${matches}`, counted),
  ]);
  return { campaigns: found.rows, totalCount: total.rows[0]!.total };
}

const CASTS = { id: 'uuid', text: 'text', boolean: 'boolean', list: 'text', instant: 'timestamptz' } as const;

function conditionSql({ field, operator, values }: CampaignCondition, bound: (value: unknown) => string): string {
  const { column, kind } = COLUMNS[field];
  if (operator === 'like') {
    const patterns = bound(values.map((value) => `%${value.replace(/[\\%_]/g, '\\$&')}%`));
    return kind === 'list'
      ? `EXISTS (SELECT FROM unnest(${column}) AS one WHERE one ILIKE ANY(${patterns}))`
      : `${column} ILIKE ANY(${patterns})`;
  }
  const list = `${bound(values)}::${CASTS[kind]}[]`;
  if (operator === 'before') return `${column} < (${list})[1]`;
  if (operator === 'after') return `${column} > (${list})[1]`;
  const fits = kind === 'list' ? `${column} && ${list}` : `${column} = ANY(${list})`;
  return operator === 'equals' ? fits : `NOT coalesce(${fits}, false)`;
}
