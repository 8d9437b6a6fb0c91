import type { Channel, Endpoint, Recipient } from '@outrigger/core';
import type { Pool } from './pool.ts';
import { correctedRecipient, recipientsOf } from './recipients.ts';

/** What a version says that its webhook needs; versions never change. */
export type WebhookVersion = {
  versionId: string;
  enableWebhooks: boolean;
  channel: Channel;
  category: 'marketing' | 'transactional';
  highThroughput: boolean;
  settings: Record<string, unknown>;
};

/** Which execution, campaign and version messages are of. */
export type MessageOrigin = {
  messageId: string;
  executionId: string;
  endpoint: Endpoint;
  campaignId: string;
  versionId: string;
  recipientIndex: number;
};

export async function readOrigins(pool: Pool, tenantId: number, messageIds: string[]): Promise<MessageOrigin[]> {
  if (messageIds.length === 0) return [];
  const { rows } = await pool.query<MessageOrigin>(
    `SELECT message_id AS "messageId", execution_id AS "executionId", endpoint, campaign_id AS "campaignId",
       version_id AS "versionId", recipient_index AS "recipientIndex"
     FROM messages_of($2::uuid[]) WHERE tenant_id = $1`,
    [tenantId, messageIds],
  );
  return rows;
}

export async function readWebhookVersions(pool: Pool, versionIds: string[]): Promise<WebhookVersion[]> {
  if (versionIds.length === 0) return [];
  const { rows } = await pool.query<WebhookVersion>(
    `SELECT version_id AS "versionId", coalesce((definition->>'enable_webhooks')::boolean, false) AS "enableWebhooks",
       definition->>'channel' AS channel, definition->>'category' AS category,
       coalesce((definition->>'high_throughput')::boolean, false) AS "highThroughput", settings
     FROM campaign_versions WHERE version_id = ANY ($1::uuid[])`,
    [versionIds],
  );
  return rows;
}

/** The call that a message came with, as its caller knows it, and to whom it goes; undefined once that was erased. */
export type MessageCall = {
  messageId: string;
  endpoint: Endpoint;
  executionId: string;
  requestId: string;
  recipient: Recipient | undefined;
};

/** The calls of messages. A member of an audience has the call that named the audience, not the batch that carries it. */
export async function readCalls(pool: Pool, tenantId: number, origins: MessageOrigin[]): Promise<MessageCall[]> {
  if (origins.length === 0) return [];
  const executionIds = [...new Set(origins.map((origin) => origin.executionId))];
  const messageIds = origins.map((origin) => origin.messageId);
  const [executions, contents, overrides] = await Promise.all([
    pool.query<{ execution_id: string; request_id: string }>(
      'SELECT execution_id, request_id FROM executions_of($2::uuid[]) WHERE tenant_id = $1',
      [tenantId, executionIds],
    ),
    pool.query<{ execution_id: string; content: string | null }>('SELECT * FROM contents_of($1::uuid[])', [
      executionIds,
    ]),
    pool.query<{ message_id: string; recipient: string }>(
      'SELECT message_id, recipient FROM message_overrides WHERE message_id = ANY ($1::uuid[]) AND recipient IS NOT NULL',
      [messageIds],
    ),
  ]);
  const requests = new Map(executions.rows.map((row) => [row.execution_id, row.request_id]));
  const recipients = new Map(contents.rows.map((row) => [row.execution_id, recipientsOf(row.content)]));
  const corrections = new Map(overrides.rows.map((row) => [row.message_id, row.recipient]));
  const calls = origins.map(({ messageId, executionId, endpoint, recipientIndex }): MessageCall => {
    const original = recipients.get(executionId)?.[recipientIndex];
    const correction = corrections.get(messageId);
    const recipient = correction === undefined ? original : correctedRecipient(correction, original);
    return { messageId, endpoint, executionId, requestId: requests.get(executionId) ?? '', recipient };
  });
  return withAudienceCalls(pool, tenantId, calls);
}

async function withAudienceCalls(pool: Pool, tenantId: number, calls: MessageCall[]): Promise<MessageCall[]> {
  const ids = [...new Set(calls.flatMap(({ recipient }) => recipient?.audienceExecutionId ?? []))];
  if (ids.length === 0) return calls;
  const { rows } = await pool.query<{ execution_id: string; request_id: string }>(
    'SELECT execution_id, request_id FROM audience_executions WHERE tenant_id = $1 AND execution_id = ANY ($2::uuid[])',
    [tenantId, ids],
  );
  const requests = new Map(rows.map((row) => [row.execution_id, row.request_id]));
  return calls.map((call) => {
    const id = call.recipient?.audienceExecutionId;
    const requestId = id === undefined ? undefined : requests.get(id);
    if (id === undefined || requestId === undefined) return call;
    return { ...call, endpoint: 'audience', executionId: id, requestId };
  });
}
