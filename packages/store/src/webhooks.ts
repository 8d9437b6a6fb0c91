import { writeAudit } from './audit.ts';
import type { Pool } from './pool.ts';
import { inTransaction } from './pool.ts';

export type WebhookAuthentication = 'none' | 'hmac' | 'jwt';

/** What a person sets of a webhook. */
export type WebhookSettings = {
  name: string;
  url: string;
  channels: string[];
  events: string[];
  authentication: WebhookAuthentication;
  /** Null without authentication. */
  secret: string | null;
  headers: Record<string, string>;
};

/** A sandbox's webhook, with how it fares. */
export type Webhook = WebhookSettings & {
  tenantId: number;
  createdAt: Date;
  createdBy: string;
  modifiedAt: Date;
  modifiedBy: string;
  /** Posts that failed in a row, and until when none is tried. */
  failures: number;
  pausedUntil: Date | null;
  /** When the receiver said that it is gone for good; nothing is posted until the webhook is replaced. */
  goneAt: Date | null;
  lastProblem: string | null;
  lastSuccessAt: Date | null;
};

export const WEBHOOK_COLUMNS = `tenant_id AS "tenantId", name, url, channels, events, authentication, secret, headers,
  created_at AS "createdAt", created_by AS "createdBy", modified_at AS "modifiedAt", modified_by AS "modifiedBy", failures,
  paused_until AS "pausedUntil", gone_at AS "goneAt", last_problem AS "lastProblem", last_success_at AS "lastSuccessAt"`;

export async function readWebhook(pool: Pool, tenantId: number): Promise<Webhook | undefined> {
  const { rows } = await pool.query<Webhook>(`SELECT ${WEBHOOK_COLUMNS} FROM webhooks WHERE tenant_id = $1`, [
    tenantId,
  ]);
  return rows[0];
}

/** Makes the sandbox's webhook; undefined when it has one (spec 12.1: one each). It is told what is recorded from now on. */
export async function createWebhook(
  pool: Pool,
  tenantId: number,
  settings: WebhookSettings,
  by: string,
): Promise<Webhook | undefined> {
  return inTransaction(pool, async (client) => {
    const { rows } = await client.query<Webhook>(
      `INSERT INTO webhooks (tenant_id, name, url, channels, events, authentication, secret, headers, created_by, modified_by)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9) ON CONFLICT DO NOTHING RETURNING ${WEBHOOK_COLUMNS}`,
      [tenantId, ...valuesOf(settings), by],
    );
    if (rows[0]) await audit(client, tenantId, by, 'webhook.create', settings);
    return rows[0];
  });
}

/** Replaces the settings; what was posted in vain is tried again at once. Undefined when there is no webhook. */
export async function replaceWebhook(
  pool: Pool,
  tenantId: number,
  settings: WebhookSettings,
  by: string,
): Promise<Webhook | undefined> {
  return inTransaction(pool, async (client) => {
    const { rows } = await client.query<Webhook>(
      `UPDATE webhooks SET name = $2, url = $3, channels = $4, events = $5, authentication = $6, secret = $7, headers = $8,
         modified_at = now(), modified_by = $9, failures = 0, paused_until = NULL, gone_at = NULL,
         last_problem = NULL
       WHERE tenant_id = $1 RETURNING ${WEBHOOK_COLUMNS}`,
      [tenantId, ...valuesOf(settings), by],
    );
    if (!rows[0]) return undefined;
    await client.query('UPDATE webhook_retries SET due_at = now() WHERE tenant_id = $1 AND died_at IS NULL', [
      tenantId,
    ]);
    await audit(client, tenantId, by, 'webhook.replace', settings);
    return rows[0];
  });
}

/** Removes the webhook with what it was not told yet; false when there is none. */
export async function deleteWebhook(pool: Pool, tenantId: number, by: string): Promise<boolean> {
  return inTransaction(pool, async (client) => {
    const { rowCount } = await client.query('DELETE FROM webhooks WHERE tenant_id = $1', [tenantId]);
    if (rowCount === 0) return false;
    await audit(client, tenantId, by, 'webhook.delete');
    return true;
  });
}

function valuesOf({ name, url, channels, events, authentication, secret, headers }: WebhookSettings): unknown[] {
  return [name, url, channels, events, authentication, secret, headers];
}

/** An address may carry a key in its path, so the audit log has its origin alone. */
async function audit(
  client: Parameters<typeof writeAudit>[0],
  tenantId: number,
  actor: string,
  action: string,
  settings?: WebhookSettings,
): Promise<void> {
  const detail = settings && {
    origin: new URL(settings.url).origin,
    channels: settings.channels,
    events: settings.events,
    authentication: settings.authentication,
  };
  await writeAudit(client, { tenantId, actor, action, target: 'webhook', ...(detail && { detail }) });
}
