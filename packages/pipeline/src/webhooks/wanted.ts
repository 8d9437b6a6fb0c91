import { type FeedbackEvent, feedbackOf, type MessageFeedback, type ResolveInput } from '@outrigger/core';
import {
  type LedgerEvent,
  type MessageCall,
  type MessageOrigin,
  type Pool,
  readCalls,
  readMessageMetadata,
  readOrigins,
  readProfiles,
  readWebhookVersions,
  type StoredProfile,
  type Webhook,
  type WebhookVersion,
} from '@outrigger/store';
import type { LoadPeopleSettings } from '../people.ts';
import { addressInput } from '../resolve.ts';
import type { Told } from './payload.ts';

/** An event that a webhook asked for, of a campaign that has it switched on. */
export type Wanted = {
  event: LedgerEvent;
  feedback: MessageFeedback;
  origin: MessageOrigin;
  version: WebhookVersion;
};

/** Calls of the API make messages that webhooks are told of; tests, archive copies and answers to keywords do not. */
const TOLD_ENDPOINTS = new Set(['unitary', 'highthroughput', 'batch', 'audience']);
const MAX_VERSIONS = 5_000;

/** Chooses what a webhook is told. Versions never change, so each is read once. */
export function createChooser(pool: Pool) {
  const versions = new Map<string, WebhookVersion>();

  async function loadVersions(versionIds: string[]): Promise<void> {
    const wanted = [...new Set(versionIds)];
    if (versions.size + wanted.length > MAX_VERSIONS) versions.clear();
    const missing = wanted.filter((id) => !versions.has(id));
    for (const version of await readWebhookVersions(pool, missing)) versions.set(version.versionId, version);
  }

  return async function choose(webhook: Webhook, events: readonly LedgerEvent[]): Promise<Wanted[]> {
    const asked = events.flatMap((event) => {
      const feedback = feedbackOf(event.recorded);
      return feedback && webhook.events.includes(feedback.event satisfies FeedbackEvent) ? [{ event, feedback }] : [];
    });
    const ids = [...new Set(asked.map(({ event }) => event.messageId))];
    const origins = await readOrigins(pool, webhook.tenantId, ids);
    await loadVersions(origins.map((origin) => origin.versionId));
    const byMessage = new Map(origins.map((origin) => [origin.messageId, origin]));
    return asked.flatMap(({ event, feedback }) => {
      const origin = byMessage.get(event.messageId);
      const version = origin && versions.get(origin.versionId);
      if (!version?.enableWebhooks || !TOLD_ENDPOINTS.has(origin!.endpoint)) return [];
      return webhook.channels.includes(version.channel) ? [{ event, feedback, origin: origin!, version }] : [];
    });
  };
}

/** Finds the address of a recipient the way a send does: the function of each channel that webhooks speak of. */
export type ResolveAddress = Record<
  'email' | 'sms',
  // biome-ignore lint/suspicious/noExplicitAny: each channel has settings of its own, and gets back what it froze
  (input: ResolveInput<any>) => string | undefined
>;

/** Adds to wanted events what stands with the call and the person. High throughput never looks at profiles (spec 8). */
export async function fillIn(
  wanted: Wanted[],
  tenantId: number,
  deps: { pool: Pool; loadPeopleSettings: LoadPeopleSettings; resolveAddress: ResolveAddress },
): Promise<Told[]> {
  const { pool } = deps;
  const origins = [...new Map(wanted.map(({ origin }) => [origin.messageId, origin])).values()];
  const [calls, metadata] = await Promise.all([
    readCalls(pool, tenantId, origins),
    readMessageMetadata(
      pool,
      origins.map((origin) => origin.messageId),
    ),
  ]);
  const stored = calls.filter(({ recipient }) => recipient?.type === 'aep');
  const profiles = await readProfiles(
    pool,
    tenantId,
    stored.map(({ recipient }) => ({ namespace: recipient!.namespace, value: recipient!.userId })),
  );
  const profileOf = new Map(stored.map((call, place) => [call.messageId, profiles[place]]));
  const people = await deps.loadPeopleSettings(tenantId);
  const callOf = new Map(calls.map((call) => [call.messageId, call]));
  return wanted.map((one) => {
    const call = callOf.get(one.event.messageId)!;
    const address = addressOf(call, one.version, profileOf.get(call.messageId));
    return { ...one, call, address, metadata: metadata.get(call.messageId) ?? null };
  });

  function addressOf({ recipient }: MessageCall, version: WebhookVersion, stored: StoredProfile | undefined) {
    const { channel, settings } = version;
    if (!recipient || channel === 'push') return undefined;
    return deps.resolveAddress[channel](addressInput(channel, { recipient, stored, settings, people }));
  }
}
