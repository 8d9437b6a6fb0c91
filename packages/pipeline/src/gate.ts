import { brakeGate, type ChannelPort, type EmailSettings, type Outcome, suppressionGate } from '@outrigger/core';
import { type ClaimedBatch, type ClaimedMessage, type Pool, readEvidence } from '@outrigger/store';
import { consentedTo } from './consent.ts';
import type { LoadPeopleSettings } from './people.ts';
import { canceledBy, pausedBy } from './route.ts';
import type { SharedReads } from './shared-reads.ts';
import type { Resolved, Step } from './step.ts';
import type { LoadedVersion } from './version-cache.ts';

/**
 * Stage: everything that may keep a message from being handed over, in the order of spec 7.4. Status and
 * brakes were read by the claim, consents and the suppression list after it: all are as fresh as the claim.
 */
export async function gate<Settings, Target, Message>(
  steps: Step<Resolved<Settings, Target>>[],
  batch: ClaimedBatch,
  deps: {
    pool: Pool;
    reads: Pick<SharedReads, 'suppressionFacts'>;
    channel: ChannelPort<Settings, Target, Message>;
    loadPeopleSettings: LoadPeopleSettings;
    now: () => number;
  },
): Promise<Step<Resolved<Settings, Target>>[]> {
  const taken = await takenBefore(batch, deps.pool);
  const asked: { step: number; tenantId: number; address: string; liftComplaints: boolean }[] = [];
  const gated = steps.map((step, index): Step<Resolved<Settings, Target>> => {
    const providerMessageId = taken.get(step.message.messageId);
    if (providerMessageId !== undefined) return { message: step.message, stop: { state: 'sent', providerMessageId } };
    // Being stopped or too late says more than a missing address, so both are asked first, of every message.
    const ended =
      campaignGate(step.message) ?? deadlineGate(step.message, deps.now()) ?? operatorGate(step.message, batch);
    if (ended) return { message: step.message, stop: ended };
    if ('stop' in step) return step;
    const liftComplaints = liftsComplaints(step.go.version);
    for (const target of step.go.targets) {
      const address = deps.channel.suppressionAddress(target);
      if (address !== undefined) asked.push({ step: index, tenantId: step.message.tenantId, address, liftComplaints });
    }
    return step;
  });
  const facts = await deps.reads.suppressionFacts(asked);
  facts.forEach((fact, place) => {
    const { step, liftComplaints } = asked[place]!;
    const verdict = suppressionGate(fact, { liftComplaints });
    const { message } = gated[step]!;
    if ('excluded' in verdict) {
      gated[step] = { message, stop: { state: 'excluded', code: verdict.excluded } };
    }
  });
  return Promise.all(
    gated.map(async (step): Promise<Step<Resolved<Settings, Target>>> => {
      if ('stop' in step || step.message.apart) return step;
      const settings = await deps.loadPeopleSettings(step.message.tenantId);
      return { message: step.message, ...consentedTo(step.go, deps.channel, settings) };
    }),
  );
}

/** The switch of the channel configuration counts for transactional mail alone (spec 3.2). */
function liftsComplaints({ definition, settings }: LoadedVersion<unknown>): boolean {
  return definition.category === 'transactional' && (settings as Partial<EmailSettings>).send_to_complained === true;
}

/** SCHEDULED is running here: the call was accepted, so its start date had passed and the status was about to follow. */
const RUNNING = new Set(['LIVE', 'SCHEDULED', 'COMPLETED']);

function campaignGate(message: ClaimedMessage): Outcome | undefined {
  if (message.apart) return undefined;
  return RUNNING.has(message.campaignStatus) ? undefined : { state: 'canceled', code: 'canceled.campaign_stopped' };
}

function deadlineGate(message: ClaimedMessage, nowMs: number): Outcome | undefined {
  return nowMs < message.expiresAt.getTime() ? undefined : { state: 'expired', code: 'expired.deadline' };
}

/** Brakes of campaign, tenant and lane: canceled messages end, paused ones wait in the ledger. Those of a provider choose its route. */
function operatorGate(message: ClaimedMessage, batch: ClaimedBatch): Outcome | undefined {
  if (batch.brakes.length === 0) return undefined;
  const verdict = brakeGate(batch.brakes, { ...message, lane: batch.lane, provider: '' });
  if ('cancel' in verdict) return canceledBy(verdict.cancel);
  if ('pause' in verdict) return pausedBy(verdict.pause);
  return undefined;
}

/**
 * Messages that a provider took at an earlier attempt, as its reports say: the evidence came after the decision to send them
 * again, or against a refusal. They have been sent.
 */
async function takenBefore(batch: ClaimedBatch, pool: Pool): Promise<ReadonlyMap<string, string>> {
  if (batch.pass === 1) return NOTHING;
  return readEvidence(
    pool,
    batch.messages.map((message) => message.messageId),
  );
}

const NOTHING: ReadonlyMap<string, string> = new Map();
