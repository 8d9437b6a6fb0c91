import { type ChannelPort, type Outcome, suppressionGate } from '@outrigger/core';
import { type ClaimedMessage, type Pool, readSuppressionFacts } from '@outrigger/store';
import type { Resolved, Step } from './step.ts';

/**
 * Stage: everything that may keep a message from being handed over, in the order of spec 7.4. The campaign's status was
 * read by the claim, the suppression list is read here, after it: both are as fresh as the claim.
 */
export async function gate<Settings, Target, Message>(
  steps: Step<Resolved<Settings, Target>>[],
  deps: { pool: Pool; channel: ChannelPort<Settings, Target, Message>; now: () => number },
): Promise<Step<Resolved<Settings, Target>>[]> {
  const asked: { step: number; target: number; tenantId: number; address: string }[] = [];
  const gated = steps.map((step, index): Step<Resolved<Settings, Target>> => {
    // Being stopped or too late says more than a missing address, so both are asked first, of every message.
    const ended = campaignGate(step.message) ?? deadlineGate(step.message, deps.now());
    if (ended) return { message: step.message, stop: ended };
    if ('stop' in step) return step;
    step.go.targets.forEach((target, place) => {
      const address = deps.channel.suppressionAddress(target);
      if (address !== undefined) {
        asked.push({ step: index, target: place, tenantId: step.message.tenantId, address });
      }
    });
    return step;
  });
  const facts = await readSuppressionFacts(deps.pool, asked);
  facts.forEach((fact, place) => {
    const verdict = suppressionGate(fact);
    const { message } = gated[asked[place]!.step]!;
    if ('excluded' in verdict) {
      gated[asked[place]!.step] = { message, stop: { state: 'excluded', code: verdict.excluded } };
    }
  });
  return gated;
}

function campaignGate(message: ClaimedMessage): Outcome | undefined {
  const running = message.campaignStatus === 'LIVE' || message.campaignStatus === 'COMPLETED';
  return running ? undefined : { state: 'canceled', code: 'canceled.campaign_stopped' };
}

function deadlineGate(message: ClaimedMessage, nowMs: number): Outcome | undefined {
  return nowMs < message.expiresAt.getTime() ? undefined : { state: 'expired', code: 'expired.deadline' };
}
