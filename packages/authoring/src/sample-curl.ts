import type { VersionDefinition } from '@outrigger/contracts';
import { type CompiledContent, sampleData } from '@outrigger/render';
import type { CampaignVersion } from '@outrigger/store';

export type SampleTarget = {
  baseUrl: string;
  orgId: string;
  sandboxName: string;
  keyId?: string;
  secret?: string;
  /** Replaces the placeholders of one recipient, for a call that works as it stands. */
  recipient?: Record<string, unknown>;
  requestId?: string;
  /** The body on few lines, for a terminal. */
  compact?: boolean;
};

type SampleVersion = Pick<CampaignVersion, 'campaignId' | 'definition' | 'compiled'>;

/**
 * The ready-made call of a live campaign (spec 6.7): endpoint of its mode, headers, one recipient, and every profile and
 * context variable that its content uses. What only the caller knows stays a placeholder. A marketing campaign names nobody: it
 * goes to its stored audience.
 */
export function sampleCurl(version: SampleVersion, target: SampleTarget): string {
  const definition = version.definition as unknown as VersionDefinition;
  const compiled = version.compiled as unknown as CompiledContent;
  const marketing = definition.category === 'marketing';
  const endpoint = marketing ? 'audience' : definition.high_throughput ? 'highthroughput' : 'unitary';
  const { context } = sampleData(compiled.variables);
  const body = {
    requestId: target.requestId ?? '<unique id>',
    campaignId: version.campaignId,
    ...(marketing
      ? context && { context }
      : { recipients: [target.recipient ?? sampleRecipient(definition, compiled)] }),
  };
  return [
    `curl -X POST '${target.baseUrl}/ajo/im/executions/${endpoint}'`,
    `-H 'Authorization: Bearer ${target.secret ?? '<secret of your API key>'}'`,
    `-H 'x-api-key: ${target.keyId ?? '<id of your API key>'}'`,
    `-H 'x-gw-ims-org-id: ${target.orgId}'`,
    `-H 'x-sandbox-name: ${target.sandboxName}'`,
    `-H 'Content-Type: application/json'`,
    `-d '${(target.compact ? compactJson(body) : JSON.stringify(body, null, 2)).replaceAll("'", `'\\''`)}'`,
  ].join(' \\\n  ');
}

function sampleRecipient(definition: VersionDefinition, compiled: CompiledContent): Record<string, unknown> {
  const namespace = definition.identity_namespace;
  const pushInfo = { appID: '<app id>', platform: 'fcm', token: '<device token>' };
  return {
    type: definition.high_throughput ? 'external' : 'aep',
    userId: namespace.toLowerCase() === 'phone' ? '<phone number>' : '<id>',
    namespace,
    ...(definition.channel === 'push' && { channelData: { pushInfo } }),
    ...sampleData(compiled.variables),
  };
}

/** One line a member of the body, so that a long recipient stays one line that can be copied. */
function compactJson(body: Record<string, unknown>): string {
  const members = Object.entries(body).map(([name, value]) => `  ${JSON.stringify(name)}: ${JSON.stringify(value)}`);
  return `{\n${members.join(',\n')}\n}`;
}
