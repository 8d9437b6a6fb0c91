import {
  ACTIVE_STATUSES,
  type Channel,
  CONFIGURATION_TRANSITIONS,
  type ConfigurationStatus,
  type ConfigurationTransition,
  configurationsFrom,
  uuidv7,
} from '@outrigger/core';
import type { Pool } from './pool.ts';
import { inTransaction } from './pool.ts';
import { isTaken } from './sql-errors.ts';

/** A channel configuration. `settings` are in force while it is active; an update is tried beside them. */
export type ChannelConfiguration = {
  configurationId: string;
  tenantId: number;
  name: string;
  description: string;
  channel: Channel;
  category: 'Marketing' | 'Transactional';
  highThroughput: boolean;
  status: ConfigurationStatus;
  settings: Record<string, unknown>;
  /** Counts the settings that were put in force. */
  revision: number;
  updateStatus: 'Processing' | 'Success' | 'Failed' | null;
  updateSettings: Record<string, unknown> | null;
  /** Why the last submission or update failed. */
  problems: string[];
  createdAt: Date;
  createdBy: string;
  modifiedAt: Date;
  modifiedBy: string;
};

const COLUMNS = `configuration_id AS "configurationId", tenant_id AS "tenantId", name, description, channel, category,
  high_throughput AS "highThroughput", status, settings, revision, update_status AS "updateStatus",
  update_settings AS "updateSettings", problems, created_at AS "createdAt", created_by AS "createdBy",
  modified_at AS "modifiedAt", modified_by AS "modifiedBy"`;

type NewConfiguration = Pick<
  ChannelConfiguration,
  'tenantId' | 'name' | 'description' | 'channel' | 'category' | 'highThroughput' | 'settings'
> & { by: string };

/** Creates a draft, or returns undefined when the tenant already has a configuration of that name. */
export async function insertConfiguration(
  pool: Pool,
  configuration: NewConfiguration,
): Promise<ChannelConfiguration | undefined> {
  const { rows } = await pool.query<ChannelConfiguration>(
    `INSERT INTO channel_configurations (configuration_id, tenant_id, name, description, channel, category,
       high_throughput, status, settings, created_by, modified_by)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)
     ON CONFLICT (tenant_id, name) DO NOTHING RETURNING ${COLUMNS}`,
    [
      uuidv7(),
      configuration.tenantId,
      configuration.name,
      configuration.description,
      configuration.channel,
      configuration.category,
      configuration.highThroughput,
      CONFIGURATION_TRANSITIONS.create.to,
      configuration.settings,
      configuration.by,
    ],
  );
  return rows[0];
}

export async function readConfiguration(
  pool: Pool,
  tenantId: number,
  configurationId: string,
): Promise<ChannelConfiguration | undefined> {
  const { rows } = await pool.query<ChannelConfiguration>(
    `SELECT ${COLUMNS} FROM channel_configurations WHERE tenant_id = $1 AND configuration_id = $2`,
    [tenantId, configurationId],
  );
  return rows[0];
}

/** A page of a tenant's configurations by name, with the number of all. */
export async function listConfigurations(
  pool: Pool,
  tenantId: number,
  page: { limit: number; offset: number },
): Promise<{ configurations: ChannelConfiguration[]; totalCount: number }> {
  const [found, total] = await Promise.all([
    pool.query<ChannelConfiguration>(
      `SELECT ${COLUMNS} FROM channel_configurations WHERE tenant_id = $1 ORDER BY name LIMIT $2 OFFSET $3`,
      [tenantId, page.limit, page.offset],
    ),
    pool.query<{ total: number }>('SELECT count(*)::int AS total FROM channel_configurations WHERE tenant_id = $1', [
      tenantId,
    ]),
  ]);
  return { configurations: found.rows, totalCount: total.rows[0]!.total };
}

type Change = Pick<ChannelConfiguration, 'name' | 'description' | 'category' | 'highThroughput' | 'settings'>;

/** Writes a draft or a failed configuration, which is a draft again. `'name_taken'` when another one has the name. */
export async function editConfiguration(
  pool: Pool,
  configuration: Pick<ChannelConfiguration, 'tenantId' | 'configurationId'>,
  change: Change,
  by: string,
): Promise<ChannelConfiguration | 'name_taken' | undefined> {
  return pool
    .query<ChannelConfiguration>(
      `UPDATE channel_configurations SET name = $3, description = $4, category = $5, high_throughput = $6, settings = $7,
         status = $8, problems = '[]', modified_at = now(), modified_by = $9
       WHERE tenant_id = $1 AND configuration_id = $2 AND status = ANY($10) RETURNING ${COLUMNS}`,
      [
        configuration.tenantId,
        configuration.configurationId,
        change.name,
        change.description,
        change.category,
        change.highThroughput,
        change.settings,
        CONFIGURATION_TRANSITIONS.edit.to,
        by,
        configurationsFrom('edit'),
      ],
    )
    .then(
      ({ rows }) => rows[0],
      (error: unknown) => {
        if (isTaken(error)) return 'name_taken' as const;
        throw error;
      },
    );
}

/** Takes a configuration along a transition that changes nothing else; undefined when it starts from another status. */
export async function moveConfiguration(
  pool: Pool,
  { tenantId, configurationId }: Pick<ChannelConfiguration, 'tenantId' | 'configurationId'>,
  move: Extract<ConfigurationTransition, 'submit' | 'reactivate' | 'pass' | 'fail'>,
  by: string,
  problems: string[] = [],
): Promise<ChannelConfiguration | undefined> {
  const { rows } = await pool.query<ChannelConfiguration>(
    `UPDATE channel_configurations SET status = $3, problems = $4::jsonb, modified_at = now(), modified_by = $5
     WHERE tenant_id = $1 AND configuration_id = $2 AND status = ANY($6) RETURNING ${COLUMNS}`,
    [
      tenantId,
      configurationId,
      CONFIGURATION_TRANSITIONS[move].to,
      JSON.stringify(problems),
      by,
      configurationsFrom(move),
    ],
  );
  return rows[0];
}

/** What may change at once on an active configuration: its description and email type (spec 3.1). */
export async function describeConfiguration(
  pool: Pool,
  { tenantId, configurationId }: Pick<ChannelConfiguration, 'tenantId' | 'configurationId'>,
  change: Pick<Change, 'description' | 'category'>,
  by: string,
): Promise<ChannelConfiguration | undefined> {
  const { rows } = await pool.query<ChannelConfiguration>(
    `UPDATE channel_configurations k SET description = $3, category = $4, modified_at = now(), modified_by = $5
     WHERE tenant_id = $1 AND configuration_id = $2 AND status = 'Active'
       AND (category = $4 OR NOT EXISTS (${USED_BY}))
     RETURNING ${COLUMNS}`,
    [tenantId, configurationId, change.description, change.category, by, ACTIVE_STATUSES],
  );
  return rows[0];
}

/** Remembers an update of an active configuration that is now being checked; the settings in force go on serving. */
export async function beginUpdate(
  pool: Pool,
  { tenantId, configurationId }: Pick<ChannelConfiguration, 'tenantId' | 'configurationId'>,
  settings: Record<string, unknown>,
  by: string,
): Promise<ChannelConfiguration | undefined> {
  const { rows } = await pool.query<ChannelConfiguration>(
    `UPDATE channel_configurations SET update_status = 'Processing', update_settings = $3, problems = '[]',
       modified_at = now(), modified_by = $4
     WHERE tenant_id = $1 AND configuration_id = $2 AND status = 'Active' RETURNING ${COLUMNS}`,
    [tenantId, configurationId, settings, by],
  );
  return rows[0];
}

/** Puts the update in force, or remembers why not. Nothing happens when another update began meanwhile. */
export async function endUpdate(
  pool: Pool,
  { tenantId, configurationId, updateSettings }: ChannelConfiguration,
  problems: string[],
): Promise<ChannelConfiguration | undefined> {
  const { rows } = await pool.query<ChannelConfiguration>(
    `UPDATE channel_configurations SET problems = $4::jsonb, modified_at = now(),
       update_status = CASE WHEN $5 THEN 'Success' ELSE 'Failed' END,
       settings = CASE WHEN $5 THEN update_settings ELSE settings END,
       revision = revision + CASE WHEN $5 THEN 1 ELSE 0 END
     WHERE tenant_id = $1 AND configuration_id = $2 AND status = 'Active' AND update_status = 'Processing'
       AND update_settings = $3::jsonb RETURNING ${COLUMNS}`,
    [tenantId, configurationId, updateSettings, JSON.stringify(problems), problems.length === 0],
  );
  return rows[0];
}

/** Campaigns that serve or will serve with configuration `k`. Its parameter is $6. */
const USED_BY = `SELECT FROM campaigns c JOIN campaign_versions v ON v.version_id = c.live_version_id
  WHERE c.status = ANY($6) AND v.configuration_id = k.configuration_id`;

export type Deactivation =
  | { configuration: ChannelConfiguration }
  | { obstacle: 'status' | 'updating' | 'in_use'; campaignIds: string[] };

/**
 * Deactivates a configuration that no live or scheduled campaign uses. The row is locked first, so that an activation that runs
 * at the same time either comes before, and is seen, or finds the configuration deactivated.
 */
export async function deactivateConfiguration(
  pool: Pool,
  { tenantId, configurationId }: Pick<ChannelConfiguration, 'tenantId' | 'configurationId'>,
  by: string,
): Promise<Deactivation> {
  return inTransaction(pool, async (client) => {
    const locked = await client.query<Pick<ChannelConfiguration, 'status' | 'updateStatus'>>(
      `SELECT status, update_status AS "updateStatus" FROM channel_configurations
       WHERE tenant_id = $1 AND configuration_id = $2 FOR UPDATE`,
      [tenantId, configurationId],
    );
    const found = locked.rows[0];
    if (!found || !configurationsFrom('deactivate').includes(found.status)) {
      return { obstacle: 'status', campaignIds: [] };
    }
    if (found.updateStatus === 'Processing') return { obstacle: 'updating', campaignIds: [] };
    const users = await client.query<{ campaign_id: string }>(
      `SELECT c.campaign_id FROM campaigns c JOIN campaign_versions v ON v.version_id = c.live_version_id
       WHERE c.tenant_id = $1 AND v.configuration_id = $2 AND c.status = ANY($3) ORDER BY 1 LIMIT 20`,
      [tenantId, configurationId, ACTIVE_STATUSES],
    );
    if (users.rows.length > 0) return { obstacle: 'in_use', campaignIds: users.rows.map((row) => row.campaign_id) };
    const { rows } = await client.query<ChannelConfiguration>(
      `UPDATE channel_configurations SET status = $3, modified_at = now(), modified_by = $4
       WHERE tenant_id = $1 AND configuration_id = $2 RETURNING ${COLUMNS}`,
      [tenantId, configurationId, CONFIGURATION_TRANSITIONS.deactivate.to, by],
    );
    return { configuration: rows[0]! };
  });
}
