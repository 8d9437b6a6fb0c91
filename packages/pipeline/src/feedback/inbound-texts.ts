import type { VersionDefinition } from '@outrigger/contracts';
import {
  comparableIdentifier,
  createIdAllocator,
  type InboundText,
  type JsonObject,
  type KeywordKind,
  keywordKind,
  parsePhoneNumber,
} from '@outrigger/core';
import { compileContent } from '@outrigger/render';
import {
  acceptGroup,
  findTextReceivers,
  keepReplyVersion,
  type PoolClient,
  recipientBehind,
  type TextReceiver,
  writeSmsConsent,
} from '@outrigger/store';
import { digest } from '../accept.ts';

/** An answer that comes hours after the question is worse than none. */
const REPLY_WITHIN_MS = 15 * 60_000;
const KINDS: KeywordKind[] = ['opt_out', 'opt_in', 'help'];

/**
 * Does what a text asks for (spec 10.4), in the caller's transaction: STOP and START set the consent for marketing by SMS, and a
 * keyword is answered where the configuration has an answer. Texts that are no keyword are for nobody here. Returns what became
 * of it, or undefined when none of our configurations sends from that number.
 */
export async function applyInboundText(
  client: PoolClient,
  inbound: InboundText,
): Promise<'applied' | 'ignored' | undefined> {
  const from = parsePhoneNumber(inbound.from);
  const receivers = from === undefined ? [] : await findTextReceivers(client, inbound.to);
  if (from === undefined || receivers.length === 0) return undefined;
  let result: 'applied' | 'ignored' = 'ignored';
  for (const ofTenant of Map.groupBy(receivers, ({ tenantId }) => tenantId).values()) {
    const understood = ofTenant.flatMap((receiver) => {
      const kind = keywordKind(inbound.text, receiver.settings.keywords);
      return kind === undefined ? [] : [{ receiver, kind }];
    });
    // Several configurations may send from one number, with words of their own: whoever opts out anywhere is out.
    const chosen = KINDS.map((kind) => understood.filter((one) => one.kind === kind)).find((found) => found.length > 0);
    if (!chosen) continue;
    result = 'applied';
    const { kind, receiver } = chosen[0]!;
    if (kind !== 'help') await setConsent(client, receiver.tenantId, from, inbound, kind);
    const answering = chosen.find((one) => replyOf(one.receiver, kind) !== undefined);
    if (answering) await acceptReply(client, answering.receiver, kind, from, inbound);
  }
  return result;
}

async function setConsent(
  client: PoolClient,
  tenantId: number,
  from: string,
  { after, text }: InboundText,
  kind: 'opt_out' | 'opt_in',
): Promise<void> {
  const before = after === undefined ? undefined : await recipientBehind(client, tenantId, after);
  const previous =
    before?.type === 'aep'
      ? { namespace: before.namespace, value: comparableIdentifier(before.namespace, before.userId) }
      : undefined;
  await writeSmsConsent(client, tenantId, { namespace: 'phone', address: from }, previous, {
    val: kind === 'opt_out' ? 'n' : 'y',
    reason: `texted ${text.trim().slice(0, 50)}`,
    time: new Date().toISOString(),
  });
}

function replyOf({ settings }: TextReceiver, kind: KeywordKind): string | undefined {
  const reply = settings.keywords?.[`${kind}_reply`];
  return typeof reply === 'string' ? reply : undefined;
}

/** Accepts the answer as a message like all others; the same text that is reported again is answered once. */
async function acceptReply(
  client: PoolClient,
  receiver: TextReceiver,
  kind: KeywordKind,
  to: string,
  { inboundId }: InboundText,
): Promise<void> {
  const { tenantId, configurationId, revision } = receiver;
  const text = replyOf(receiver, kind)!;
  const { compiled } = await compileContent({ text: { format: 'liquid', escape: 'none', source: text } });
  if (!compiled) throw new Error(`the ${kind} reply of configuration ${configurationId} does not compile`);
  const versionId = digest(`${configurationId}\n${revision}\n${kind}`);
  const version = {
    definition: { ...replyDefinition(configurationId, text) } as Record<string, unknown>,
    compiled: { ...compiled },
    settings: { ...receiver.settings },
  };
  await keepReplyVersion(client, versionId, receiver, KINDS.indexOf(kind) + 1, version);
  const recipients = [{ type: 'external', userId: to, namespace: 'phone', channelData: { mobilePhoneNumber: to } }];
  const allocated = createIdAllocator(1).take('sms', 1);
  const item = {
    requestKey: digest(`${tenantId}\nreply\n${inboundId}`),
    fingerprint: digest(inboundId),
    ...allocated,
    tenantId,
    endpoint: 'reply' as const,
    requestId: inboundId,
    campaignId: configurationId,
    versionId,
    createdBy: 'system',
    expiresAt: new Date(allocated.acceptedAt.getTime() + REPLY_WITHIN_MS),
    lane: 'sms' as const,
    content: JSON.stringify({ recipients }),
  };
  // Held back from the queue: the janitor puts it in once this transaction is committed.
  await acceptGroup(client, [item], () => true);
}

function replyDefinition(configurationId: string, text: string): VersionDefinition & JsonObject {
  return {
    campaign_id: configurationId,
    channel: 'sms',
    lane_class: 'standard',
    category: 'transactional',
    identity_namespace: 'phone',
    create_new_profile: false,
    high_throughput: false,
    start_at: null,
    end_at: null,
    deadline_ms: REPLY_WITHIN_MS,
    rate_per_second: null,
    on_unknown: 'hold',
    content: { messageType: 'sms', text },
  };
}
