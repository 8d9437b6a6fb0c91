import {
  BOUNCE_CODES,
  COMPLAINT_REASON,
  comparableEmail,
  type EmailSettings,
  type ResolveInput,
} from '@outrigger/core';
import type { Log } from '@outrigger/runtime';
import {
  type AddressBounce,
  type FeedbackItem,
  type Pool,
  type PoolClient,
  type RecordedFeedback,
  readProfiles,
  readSentMessages,
} from '@outrigger/store';
import type { LoadPeopleSettings } from '../people.ts';
import { addressInput } from '../resolve.ts';

/** Finds the address of a recipient the way a send does; the email channel's function. */
export type ResolveEmail = (
  input: ResolveInput<EmailSettings>,
) => { targets: { address: string }[] } | { excluded: string };

export type AddressDeps = { pool: Pool; resolveEmail: ResolveEmail; loadPeopleSettings: LoadPeopleSettings };

/** A new fact that concerns an address, with its message. */
export type Bounced = { item: FeedbackItem; recorded: NonNullable<RecordedFeedback> };

/**
 * The bounces and complaints of email messages with the address that we sent to. The ledger says which that is; what the
 * event names is not trusted (reliability I16) and stands in only where the content was erased meanwhile. An address that
 * is another one by now is left alone.
 */
export async function bouncedAddresses(
  client: PoolClient,
  bounced: Bounced[],
  deps: AddressDeps & { log: Log },
): Promise<AddressBounce[]> {
  if (bounced.length === 0) return [];
  const sent = await readSentMessages(
    client,
    bounced.map(({ recorded }) => recorded.messageId),
  );
  const messages = new Map(sent.map((message) => [message.messageId, message]));
  const found: AddressBounce[] = [];
  for (const { item, recorded } of bounced) {
    const message = messages.get(recorded.messageId);
    if (!message) continue;
    const { feedback } = item;
    const address = await addressOf(message, feedback.recipient, deps);
    if (address === undefined) {
      deps.log.warn({ event: 'feedback.address_unknown', message_id: recorded.messageId, fact: feedback.fact });
      continue;
    }
    const complaint = feedback.fact === 'complained';
    found.push({
      tenantId: recorded.tenantId,
      messageId: recorded.messageId,
      address,
      class: complaint ? 'hard' : item.class || 'ignored',
      complaint,
      code: feedback.code ?? '',
      reason: complaint ? COMPLAINT_REASON : feedback.code ? BOUNCE_CODES[feedback.code].label : 'Bounce',
      at: recorded.at,
      message: feedback.detail,
    });
  }
  return found;
}

type Sent = Awaited<ReturnType<typeof readSentMessages>>[number];

async function addressOf(message: Sent, stated: string | undefined, deps: AddressDeps): Promise<string | undefined> {
  const { recipient, settings, tenantId } = message;
  if (!recipient) return stated;
  const [stored] =
    recipient.type === 'aep'
      ? await readProfiles(deps.pool, tenantId, [{ namespace: recipient.namespace, value: recipient.userId }])
      : [];
  const people = await deps.loadPeopleSettings(tenantId);
  const resolved = deps.resolveEmail(addressInput('email', { recipient, stored, settings, people }));
  const address = 'targets' in resolved ? resolved.targets[0]?.address : undefined;
  if (address === undefined) return undefined;
  const same = stated === undefined || comparableEmail(stated) === comparableEmail(address);
  return same ? address : undefined;
}
