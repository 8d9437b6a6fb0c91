import type { Channel } from '@outrigger/core';
import { uuidv7 } from '@outrigger/core';
import type { Pool } from './pool.ts';

export type ChannelConfiguration = {
  configurationId: string;
  tenantId: number;
  name: string;
  channel: Channel;
  category: 'Marketing' | 'Transactional';
  status: 'Draft' | 'Processing' | 'Active' | 'Failed' | 'Deactivated';
  settings: Record<string, unknown>;
  createdAt: Date;
  modifiedAt: Date;
};

type ConfigurationRow = {
  configuration_id: string;
  tenant_id: number;
  name: string;
  channel: Channel;
  category: ChannelConfiguration['category'];
  status: ChannelConfiguration['status'];
  settings: Record<string, unknown>;
  created_at: Date;
  modified_at: Date;
};

function fromRow(row: ConfigurationRow): ChannelConfiguration {
  return {
    configurationId: row.configuration_id,
    tenantId: row.tenant_id,
    name: row.name,
    channel: row.channel,
    category: row.category,
    status: row.status,
    settings: row.settings,
    createdAt: row.created_at,
    modifiedAt: row.modified_at,
  };
}

/** Creates an active configuration, or returns undefined when the tenant already has one of that name. */
export async function insertConfiguration(
  pool: Pool,
  configuration: Pick<ChannelConfiguration, 'tenantId' | 'name' | 'channel' | 'category' | 'settings'>,
): Promise<ChannelConfiguration | undefined> {
  const { rows } = await pool.query<ConfigurationRow>(
    `INSERT INTO channel_configurations (configuration_id, tenant_id, name, channel, category, status, settings)
     VALUES ($1, $2, $3, $4, $5, 'Active', $6) ON CONFLICT (tenant_id, name) DO NOTHING RETURNING *`,
    [
      uuidv7(),
      configuration.tenantId,
      configuration.name,
      configuration.channel,
      configuration.category,
      configuration.settings,
    ],
  );
  return rows[0] && fromRow(rows[0]);
}

export async function readConfiguration(
  pool: Pool,
  tenantId: number,
  configurationId: string,
): Promise<ChannelConfiguration | undefined> {
  const { rows } = await pool.query<ConfigurationRow>(
    'SELECT * FROM channel_configurations WHERE tenant_id = $1 AND configuration_id = $2',
    [tenantId, configurationId],
  );
  return rows[0] && fromRow(rows[0]);
}

export async function listConfigurations(pool: Pool, tenantId: number): Promise<ChannelConfiguration[]> {
  const { rows } = await pool.query<ConfigurationRow>(
    'SELECT * FROM channel_configurations WHERE tenant_id = $1 ORDER BY name',
    [tenantId],
  );
  return rows.map(fromRow);
}
