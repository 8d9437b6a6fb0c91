import {
  type Channel,
  type ChannelPort,
  type ExclusionCode,
  type JsonObject,
  type JsonValue,
  type Recipient,
  type ResolveInput,
  systemContext,
} from '@outrigger/core';
import type { ClaimedMessage, PeopleSettings, StoredProfile } from '@outrigger/store';
import { type LoadPeopleSettings, workspaceFieldOf } from './people.ts';
import type { LoadSharedContext } from './shared-context.ts';
import type { SharedReads } from './shared-reads.ts';
import type { Resolved, Step } from './step.ts';
import type { LoadVersion } from './version-cache.ts';

export type ResolveDeps<Settings, Target, Message> = {
  reads: Pick<SharedReads, 'profiles'>;
  loadVersion: LoadVersion<Settings>;
  loadPeopleSettings: LoadPeopleSettings;
  loadSharedContext: LoadSharedContext;
  channel: ChannelPort<Settings, Target, Message>;
};

/** Who was known when the message was accepted and is not any more has no address. */
const ERASED = { email: '050020', sms: '050153', push: '050030' } as const satisfies Record<Channel, ExclusionCode>;

/** Stage: finds for each message its version, the person's data and the addresses (spec 7.2, 7.3). */
export async function resolve<Settings, Target, Message>(
  messages: ClaimedMessage[],
  deps: ResolveDeps<Settings, Target, Message>,
): Promise<Step<Resolved<Settings, Target>>[]> {
  const profiles = await storedProfiles(deps.reads, messages);
  return Promise.all(
    messages.map(async (message): Promise<Step<Resolved<Settings, Target>>> => {
      const { recipient } = message;
      const stored = profiles.get(message);
      if (recipient.type === 'aep' && !stored) {
        const detail = 'the profile was erased after the call was accepted';
        return { message, stop: { state: 'excluded', code: ERASED[deps.channel.channel], detail } };
      }
      const version = await deps.loadVersion(message.versionId);
      const people = await deps.loadPeopleSettings(message.tenantId);
      const input = addressInput(deps.channel.channel, { recipient, stored, settings: version.settings, people });
      const found = deps.channel.resolveTargets(input);
      if ('excluded' in found) {
        return { message, stop: { state: 'excluded', code: found.excluded, detail: found.detail } };
      }
      const { audienceExecutionId } = recipient;
      const given = audienceExecutionId ? await deps.loadSharedContext(audienceExecutionId) : recipient.context;
      const { campaign_name: campaignName, action_name: actionName } = version.definition;
      const context = { ...given, system: systemContext({ ...message, campaignName, actionName }) };
      const consents = stored?.consents ?? {};
      return {
        message,
        go: { version, targets: found.targets, data: { profile: input.profile ?? {}, context }, consents },
      };
    }),
  );
}

/**
 * Only `aep` recipients have a stored profile; high throughput has none of them and never touches the table. Read after the
 * claim, so consents are at least as fresh as the claim.
 */
async function storedProfiles(
  reads: Pick<SharedReads, 'profiles'>,
  messages: ClaimedMessage[],
): Promise<Map<ClaimedMessage, StoredProfile>> {
  const asked = messages.filter((message) => message.recipient.type === 'aep');
  const profiles = await reads.profiles(
    asked.map(({ tenantId, recipient }) => ({
      tenantId,
      identity: { namespace: recipient.namespace, value: recipient.userId },
    })),
  );
  return new Map(asked.flatMap((message, place) => (profiles[place] ? [[message, profiles[place]]] : [])));
}

/**
 * What a recipient's address is found with (spec 7.2). The send, the reading of its bounces and the telling of it must find the same
 * address, so all of them ask with this.
 */
export function addressInput<Settings>(
  channel: Channel,
  of: { recipient: Recipient; stored: StoredProfile | undefined; settings: Settings; people: PeopleSettings },
): ResolveInput<Settings> {
  const { recipient, stored, settings, people } = of;
  const profile = mergeProfiles(stored?.document, recipient.profile);
  return { recipient, profile, settings, ...workspaceFieldOf(channel, people) };
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
