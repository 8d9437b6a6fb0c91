import type { PushToken } from '@outrigger/core';
import type { Pool } from './pool.ts';
import { comparableIdentity, comparableNamespace, type Identity } from './profiles.ts';

/**
 * Marks tokens of a profile as dead, each with when and at which message. One that is marked already stays as it is; one that the
 * profile no longer has is nobody's. A write of the profile that brings the token along takes the mark away again.
 */
export async function denylistTokens(
  pool: Pool,
  tenantId: number,
  identity: Identity,
  tokens: readonly Pick<PushToken, 'appID' | 'platform' | 'token'>[],
  messageId: string,
): Promise<void> {
  await pool.query({
    name: 'denylist-tokens',
    text: `UPDATE profiles p SET modified_at = now(), push_tokens = (
       SELECT jsonb_agg(CASE WHEN dead.token IS NULL OR t->'denylisted' = 'true' THEN t ELSE t || jsonb_build_object(
           'denylisted', true, 'denylistedAt', to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
           'denylistedBy', $7::text) END ORDER BY place)
       FROM jsonb_array_elements(p.push_tokens) WITH ORDINALITY AS stored(t, place)
       LEFT JOIN (SELECT DISTINCT * FROM unnest($4::text[], $5::text[], $6::text[])) AS dead(app_id, platform, token)
         ON dead.app_id = t->>'appID' AND dead.platform = t->>'platform' AND dead.token = t->>'token')
     FROM profile_identities i
     WHERE i.tenant_id = $1 AND i.namespace = $2 AND i.identity_value = $3 AND p.profile_id = i.profile_id
       AND p.push_tokens <> '[]'`,
    values: [
      tenantId,
      comparableNamespace(identity),
      comparableIdentity(identity),
      tokens.map(({ appID }) => appID),
      tokens.map(({ platform }) => platform),
      tokens.map(({ token }) => token),
      messageId,
    ],
  });
}
