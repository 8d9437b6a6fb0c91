import { ACTIVE_STATUSES, isUuid, uuidv7 } from '@outrigger/core';
import type { Pool } from './pool.ts';

export type FragmentContent = { source: string; parameters: Record<string, string> };

/** A piece of content that campaigns share: `published` is what they use, `content` is what the author works on. */
export type Fragment = {
  fragmentId: string;
  tenantId: number;
  name: string;
  description: string;
  fragmentType: 'html' | 'expression';
  subType: 'TEXT' | 'HTML' | 'JSON' | null;
  parentFolderId: string | null;
  archived: boolean;
  content: FragmentContent;
  /** Counts saves. */
  revision: number;
  /** Counts changes of the content; campaigns are made from `publishedRevision`. */
  contentRevision: number;
  published: FragmentContent | null;
  publishedRevision: number | null;
  publishedAt: Date | null;
  /** Paths that the first publication read; later ones may read fewer, never others. */
  attributes: string[] | null;
  publicationId: string | null;
  publicationProblems: string[];
  createdAt: Date;
  createdBy: string;
  modifiedAt: Date;
  modifiedBy: string;
};

const COLUMNS = `fragment_id AS "fragmentId", tenant_id AS "tenantId", name, description, fragment_type AS "fragmentType",
  sub_type AS "subType", parent_folder_id AS "parentFolderId", archived, content, revision,
  content_revision AS "contentRevision", published, published_revision AS "publishedRevision",
  published_at AS "publishedAt", attributes, publication_id AS "publicationId",
  publication_problems AS "publicationProblems", created_at AS "createdAt", created_by AS "createdBy",
  modified_at AS "modifiedAt", modified_by AS "modifiedBy"`;

type NewFragment = Pick<
  Fragment,
  'tenantId' | 'name' | 'description' | 'fragmentType' | 'subType' | 'parentFolderId' | 'content'
> & { by: string };

export async function insertFragment(pool: Pool, fragment: NewFragment): Promise<Fragment> {
  const { rows } = await pool.query<Fragment>(
    `INSERT INTO fragments (fragment_id, tenant_id, name, description, fragment_type, sub_type, parent_folder_id, content,
       created_by, modified_by)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9) RETURNING ${COLUMNS}`,
    [
      uuidv7(),
      fragment.tenantId,
      fragment.name,
      fragment.description,
      fragment.fragmentType,
      fragment.subType,
      fragment.parentFolderId,
      fragment.content,
      fragment.by,
    ],
  );
  return rows[0]!;
}

export async function readFragment(pool: Pool, tenantId: number, fragmentId: string): Promise<Fragment | undefined> {
  const { rows } = await pool.query<Fragment>(
    `SELECT ${COLUMNS} FROM fragments WHERE tenant_id = $1 AND fragment_id = $2`,
    [tenantId, fragmentId],
  );
  return rows[0];
}

type Change = Pick<Fragment, 'name' | 'description' | 'parentFolderId' | 'archived' | 'content'>;

/** Saves a fragment whose `revision` is still the one that the author saw; undefined when somebody was faster. */
export async function saveFragment(
  pool: Pool,
  { tenantId, fragmentId, revision }: Pick<Fragment, 'tenantId' | 'fragmentId' | 'revision'>,
  change: Change,
  by: string,
): Promise<Fragment | undefined> {
  const { rows } = await pool.query<Fragment>(
    `UPDATE fragments SET name = $4, description = $5, parent_folder_id = $6, archived = $7, content = $8,
       content_revision = content_revision + CASE WHEN content = $8::jsonb THEN 0 ELSE 1 END, revision = revision + 1,
       modified_at = now(), modified_by = $9
     WHERE tenant_id = $1 AND fragment_id = $2 AND revision = $3 RETURNING ${COLUMNS}`,
    [
      tenantId,
      fragmentId,
      revision,
      change.name,
      change.description,
      change.parentFolderId,
      change.archived,
      change.content,
      by,
    ],
  );
  return rows[0];
}

/** Puts the content that was checked in force, or remembers why it is not; undefined when it changed meanwhile. */
export async function recordPublication(
  pool: Pool,
  { tenantId, fragmentId, contentRevision }: Pick<Fragment, 'tenantId' | 'fragmentId' | 'contentRevision'>,
  result: { attributes: string[] } | { problems: string[] },
): Promise<Fragment | undefined> {
  const published = 'attributes' in result;
  const { rows } = await pool.query<Fragment>(
    `UPDATE fragments SET publication_id = $4, publication_problems = $5::jsonb,
       published = CASE WHEN $6 THEN content ELSE published END,
       published_revision = CASE WHEN $6 THEN content_revision ELSE published_revision END,
       published_at = CASE WHEN $6 THEN now() ELSE published_at END,
       attributes = CASE WHEN $6 THEN $7::text[] ELSE attributes END
     WHERE tenant_id = $1 AND fragment_id = $2 AND content_revision = $3 RETURNING ${COLUMNS}`,
    [
      tenantId,
      fragmentId,
      contentRevision,
      uuidv7(),
      JSON.stringify(published ? [] : result.problems),
      published,
      published ? result.attributes : null,
    ],
  );
  return rows[0];
}

export type PublishedFragment = {
  fragmentId: string;
  /** Null while it was never published. */
  published: FragmentContent | null;
  visual: boolean;
  revision: number;
};

/** What campaigns use of a tenant's fragments; ids that name none are left out. */
export async function readPublishedFragments(
  pool: Pool,
  tenantId: number,
  fragmentIds: string[],
): Promise<PublishedFragment[]> {
  const ids = fragmentIds.filter(isUuid);
  if (ids.length === 0) return [];
  const { rows } = await pool.query<PublishedFragment>(
    `SELECT fragment_id AS "fragmentId", published, fragment_type = 'html' AS visual,
            coalesce(published_revision, 0) AS revision
     FROM fragments WHERE tenant_id = $1 AND fragment_id = ANY($2)`,
    [tenantId, ids],
  );
  return rows;
}

/** Active campaigns that use the fragment: how many have not taken its publication up yet, and which could not, and why. */
export async function readPropagation(
  pool: Pool,
  fragment: Pick<Fragment, 'tenantId' | 'fragmentId' | 'publishedRevision' | 'publishedAt'>,
): Promise<{ pending: number; failed: { campaignId: string; reason: string }[] }> {
  const { rows } = await pool.query<{ campaignId: string; reason: string | null }>(
    `SELECT c.campaign_id AS "campaignId", CASE WHEN c.refresh_failed_at >= $4 THEN c.refresh_failure END AS reason
     FROM campaigns c JOIN campaign_versions v ON v.version_id = c.live_version_id
     WHERE c.tenant_id = $1 AND c.status = ANY($5) AND (v.fragments->>$2::text)::int < $3 ORDER BY 1 LIMIT 1000`,
    [fragment.tenantId, fragment.fragmentId, fragment.publishedRevision, fragment.publishedAt, ACTIVE_STATUSES],
  );
  const failed = rows.flatMap(({ campaignId, reason }) => (reason === null ? [] : [{ campaignId, reason }]));
  return { pending: rows.length - failed.length, failed };
}

export type ContentPage = {
  limit: number;
  /** Ordered by this, then by id; the page begins after `after`. */
  order: { by: 'modifiedAt' | 'createdAt' | 'name'; descending: boolean };
  after?: { value: string; id: string };
  nameContains?: string;
  /** Equal to the column, by the API's name. */
  equals: Record<string, string>;
};

const ORDER_COLUMNS = { modifiedAt: 'modified_at', createdAt: 'created_at', name: 'name' } as const;
const ORDER_CASTS = { modifiedAt: 'timestamptz', createdAt: 'timestamptz', name: 'text' } as const;

/**
 * A page of a tenant's fragments or templates. One statement for both tables: `filters` names the columns that
 * `page.equals` may use. Returns one row more than the limit when there is a next page.
 */
export function contentPageSql(
  table: 'fragments' | 'content_templates',
  idColumn: string,
  columns: string,
  filters: Record<string, string>,
  tenantId: number,
  page: ContentPage,
): { text: string; values: unknown[] } {
  const values: unknown[] = [tenantId];
  const bound = (value: unknown) => `$${values.push(value)}`;
  const where = ['tenant_id = $1'];
  for (const [name, value] of Object.entries(page.equals)) {
    const column = filters[name];
    if (column !== undefined) where.push(`${column}::text = ${bound(value)}`);
  }
  if (page.nameContains !== undefined) {
    where.push(`name ILIKE ${bound(`%${page.nameContains.replace(/[\\%_]/g, '\\$&')}%`)}`);
  }
  const { by, descending } = page.order;
  if (page.after) {
    const sign = descending ? '<' : '>';
    const start = `(${bound(page.after.value)}::${ORDER_CASTS[by]}, ${bound(page.after.id)}::uuid)`;
    where.push(`(${ORDER_COLUMNS[by]}, ${idColumn}) ${sign} ${start}`);
  }
  const direction = descending ? 'DESC' : 'ASC';
  const text = `SELECT ${columns} FROM ${table} WHERE ${where.join(' AND ')}
    ORDER BY ${ORDER_COLUMNS[by]} ${direction}, ${idColumn} ${direction} LIMIT ${bound(page.limit + 1)}`;
  return { text, values };
}

/** What fragments can be filtered by. */
export const FRAGMENT_FILTERS = { name: 'name', type: 'fragment_type', subType: 'sub_type', archived: 'archived' };

export async function listFragments(pool: Pool, tenantId: number, page: ContentPage): Promise<Fragment[]> {
  const { text, values } = contentPageSql('fragments', 'fragment_id', COLUMNS, FRAGMENT_FILTERS, tenantId, page);
  const { rows } = await pool.query<Fragment>(text, values);
  return rows;
}
