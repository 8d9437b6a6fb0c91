import type { ConsentAddress, SmsKeywords, SmsSettings } from '@outrigger/core';
import type { NewVersion } from './campaign-versions.ts';
import type { PoolClient } from './pool.ts';
import { ensureProfiles, type Identity } from './profiles.ts';
import { correctedRecipient, recipientsOf } from './recipients.ts';

/** An SMS configuration that sends from a number, and so is who a text to it is for. */
export type TextReceiver = {
  tenantId: number;
  configurationId: string;
  revision: number;
  settings: SmsSettings & { keywords?: SmsKeywords & Record<string, unknown> };
};

/** Who sends from a number, of any tenant: a number may be shared, and then all of them are told to stop. */
export async function findTextReceivers(client: PoolClient, number: string): Promise<TextReceiver[]> {
  const { rows } = await client.query<TextReceiver>(
    `SELECT tenant_id AS "tenantId", configuration_id AS "configurationId", revision, settings
     FROM channel_configurations
     WHERE channel = 'sms' AND status = 'Active' AND regexp_replace(settings->>'sender', '\\D', '', 'g') = $1
     ORDER BY tenant_id, configuration_id LIMIT 1000`,
    [number.replace(/\D/g, '')],
  );
  return rows;
}

/**
 * Writes what a person said of marketing by SMS: to every profile of the tenant with this phone number as an identity, and to the
 * person whom the message before it went to. Where nobody is known a profile is made, so that a STOP is never forgotten.
 */
export async function writeSmsConsent(
  client: PoolClient,
  tenantId: number,
  { address: number }: ConsentAddress,
  previous: Identity | undefined,
  choice: { val: 'y' | 'n'; reason: string; time: string },
): Promise<void> {
  const phone = { namespace: 'phone', value: number };
  const write = async () => {
    const identities = previous ? [phone, previous] : [phone];
    const { rowCount } = await client.query(
      `UPDATE profiles p SET modified_at = now(), consents = p.consents ||
         jsonb_build_object('marketing', coalesce(p.consents->'marketing', '{}') || jsonb_build_object('sms', $4::jsonb))
       WHERE p.profile_id IN (SELECT i.profile_id FROM profile_identities i
         JOIN unnest($2::text[], $3::text[]) AS w(namespace, identity_value) USING (namespace, identity_value)
         WHERE i.tenant_id = $1)`,
      [
        tenantId,
        identities.map(({ namespace }) => namespace.toLowerCase()),
        identities.map(({ value }) => value),
        JSON.stringify(choice),
      ],
    );
    return (rowCount ?? 0) > 0;
  };
  if (await write()) return;
  await ensureProfiles(client, tenantId, [phone]);
  await write();
}

/** Whom a message of the tenant went to, by the id that SNS gave it; undefined when the ledger does not know, or not any more. */
export async function recipientBehind(
  client: PoolClient,
  tenantId: number,
  providerMessageId: string,
): Promise<{ type: 'aep' | 'external'; namespace: string; userId: string } | undefined> {
  const { rows } = await client.query<{ recipient_index: number; content: string | null; override: string | null }>(
    `SELECT m.recipient_index, t.content, o.recipient AS override
     FROM messages_of(ARRAY(SELECT e.message_id FROM message_events e
       WHERE e.provider_message_id = $2 AND length(e.provider_message_id) = 36 LIMIT 1)) m
     LEFT JOIN LATERAL contents_of(ARRAY[m.execution_id]) t ON true
     LEFT JOIN message_overrides o ON o.message_id = m.message_id
     WHERE m.tenant_id = $1 AND m.lane LIKE 'sms%'`,
    [tenantId, providerMessageId],
  );
  const row = rows[0];
  if (!row) return undefined;
  const original = recipientsOf(row.content)[row.recipient_index];
  return row.override === null ? original : correctedRecipient(row.override, original);
}

/** Keeps the version that an answer is sent from. There is one a configuration, revision and kind, whoever makes it first. */
export async function keepReplyVersion(
  client: PoolClient,
  versionId: string,
  { tenantId, configurationId, revision }: TextReceiver,
  kindPlace: number,
  version: Pick<NewVersion, 'definition' | 'compiled' | 'settings'>,
): Promise<void> {
  await client.query(
    `INSERT INTO campaign_versions (version_id, campaign_id, tenant_id, number, definition, authored, compiled, settings,
       cause, configuration_id, configuration_revision, fragments, activated_by)
     VALUES ($1, $2, $3, $4, $5, NULL, $6, $7, 'reply', $2, $8, '{}', 'system') ON CONFLICT DO NOTHING`,
    [
      versionId,
      configurationId,
      tenantId,
      -(revision * 10 + kindPlace),
      version.definition,
      version.compiled,
      version.settings,
      revision,
    ],
  );
}
