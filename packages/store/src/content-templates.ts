import { uuidv7 } from '@outrigger/core';
import { type ContentPage, contentPageSql } from './fragments.ts';
import type { Pool } from './pool.ts';

/** Content to begin a message from: copied by the author, never used by a campaign itself. */
export type ContentTemplate = {
  templateId: string;
  tenantId: number;
  name: string;
  description: string;
  templateType: 'html' | 'html_primary_page' | 'html_sub_page' | 'content';
  channel: string;
  origin: string;
  parentFolderId: string | null;
  content: Record<string, unknown>;
  /** Counts saves. */
  revision: number;
  createdAt: Date;
  createdBy: string;
  modifiedAt: Date;
  modifiedBy: string;
};

const COLUMNS = `template_id AS "templateId", tenant_id AS "tenantId", name, description, template_type AS "templateType",
  channel, origin, parent_folder_id AS "parentFolderId", content, revision, created_at AS "createdAt",
  created_by AS "createdBy", modified_at AS "modifiedAt", modified_by AS "modifiedBy"`;

type Written = Pick<
  ContentTemplate,
  'name' | 'description' | 'templateType' | 'channel' | 'origin' | 'parentFolderId' | 'content'
>;

export async function insertTemplate(
  pool: Pool,
  template: Written & { tenantId: number; by: string },
): Promise<ContentTemplate> {
  const { rows } = await pool.query<ContentTemplate>(
    `INSERT INTO content_templates (template_id, tenant_id, name, description, template_type, channel, origin,
       parent_folder_id, content, created_by, modified_by)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10) RETURNING ${COLUMNS}`,
    [uuidv7(), template.tenantId, ...writtenValues(template), template.by],
  );
  return rows[0]!;
}

export async function readTemplate(
  pool: Pool,
  tenantId: number,
  templateId: string,
): Promise<ContentTemplate | undefined> {
  const { rows } = await pool.query<ContentTemplate>(
    `SELECT ${COLUMNS} FROM content_templates WHERE tenant_id = $1 AND template_id = $2`,
    [tenantId, templateId],
  );
  return rows[0];
}

/** Saves a template whose `revision` is still the one that the author saw; undefined when somebody was faster. */
export async function saveTemplate(
  pool: Pool,
  { tenantId, templateId, revision }: Pick<ContentTemplate, 'tenantId' | 'templateId' | 'revision'>,
  change: Written,
  by: string,
): Promise<ContentTemplate | undefined> {
  const { rows } = await pool.query<ContentTemplate>(
    `UPDATE content_templates SET name = $4, description = $5, template_type = $6, channel = $7, origin = $8,
       parent_folder_id = $9, content = $10, revision = revision + 1, modified_at = now(), modified_by = $11
     WHERE tenant_id = $1 AND template_id = $2 AND revision = $3 RETURNING ${COLUMNS}`,
    [tenantId, templateId, revision, ...writtenValues(change), by],
  );
  return rows[0];
}

export async function deleteTemplate(pool: Pool, tenantId: number, templateId: string): Promise<boolean> {
  const { rowCount } = await pool.query('DELETE FROM content_templates WHERE tenant_id = $1 AND template_id = $2', [
    tenantId,
    templateId,
  ]);
  return rowCount === 1;
}

/** What templates can be filtered by. */
export const TEMPLATE_FILTERS = { name: 'name', templateType: 'template_type', channel: 'channel', origin: 'origin' };

export async function listTemplates(pool: Pool, tenantId: number, page: ContentPage): Promise<ContentTemplate[]> {
  const { text, values } = contentPageSql(
    'content_templates',
    'template_id',
    COLUMNS,
    TEMPLATE_FILTERS,
    tenantId,
    page,
  );
  const { rows } = await pool.query<ContentTemplate>(text, values);
  return rows;
}

function writtenValues(written: Written): unknown[] {
  const { name, description, templateType, channel, origin, parentFolderId, content } = written;
  return [name, description, templateType, channel, origin, parentFolderId, content];
}
