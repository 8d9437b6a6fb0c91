import type { ChannelPort, JsonObject, JsonValue } from '@outrigger/core';
import { type ClaimedMessage, type Pool, readProfiles } from '@outrigger/store';
import type { Resolved, Step } from './step.ts';
import type { LoadVersion } from './version-cache.ts';

/** Stage: finds for each message its version, the person's data and the addresses (spec 7.2, 7.3). */
export async function resolve<Settings, Target, Message>(
  messages: ClaimedMessage[],
  deps: { pool: Pool; loadVersion: LoadVersion<Settings>; channel: ChannelPort<Settings, Target, Message> },
): Promise<Step<Resolved<Settings, Target>>[]> {
  const profiles = await storedProfiles(deps.pool, messages);
  return Promise.all(
    messages.map(async (message): Promise<Step<Resolved<Settings, Target>>> => {
      const version = await deps.loadVersion(message.versionId);
      const { recipient } = message;
      const profile = mergeProfiles(profiles.get(message), recipient.profile);
      const found = deps.channel.resolveTargets({ recipient, profile, settings: version.settings });
      if ('excluded' in found) {
        return { message, stop: { state: 'excluded', code: found.excluded, detail: found.detail } };
      }
      const context = { ...recipient.context, system: systemContext(message) };
      return { message, go: { version, targets: found.targets, data: { profile: profile ?? {}, context } } };
    }),
  );
}

/** Only `aep` recipients have a stored profile; high throughput has none of them and never touches the table. */
async function storedProfiles(pool: Pool, messages: ClaimedMessage[]): Promise<Map<ClaimedMessage, JsonObject>> {
  const found = new Map<ClaimedMessage, JsonObject>();
  const asked = messages.filter((message) => message.recipient.type === 'aep');
  for (const [tenantId, ofTenant] of Map.groupBy(asked, (message) => message.tenantId)) {
    const profiles = await readProfiles(
      pool,
      tenantId,
      ofTenant.map(({ recipient }) => ({ namespace: recipient.namespace, value: recipient.userId })),
    );
    ofTenant.forEach((message, place) => {
      const profile = profiles[place];
      if (profile) found.set(message, profile);
    });
  }
  return found;
}

/** Deep merge for one message; the payload's value wins, and nothing is written back (spec 7.3). */
export function mergeProfiles(stored: JsonObject | undefined, given: JsonObject | undefined): JsonObject | undefined {
  if (!stored || !given) return given ?? stored;
  const merged: JsonObject = { ...stored };
  for (const [name, value] of Object.entries(given)) {
    const before = Object.hasOwn(merged, name) ? merged[name] : undefined;
    merged[name] = isObject(before) && isObject(value) ? mergeProfiles(before, value)! : value;
  }
  return merged;
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

/** The reserved part of `context` that the platform fills in (spec 7.3). */
function systemContext(message: ClaimedMessage): JsonObject {
  return {
    source: { id: message.campaignId, versionId: message.versionId },
    messageProfileId: message.messageId,
  };
}
