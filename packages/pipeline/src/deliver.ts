import type { ChannelPort } from '@outrigger/core';
import type { PooledProvider } from '@outrigger/flow';
import { timed } from '@outrigger/metrics';
import { type ClaimedBatch, type Pool, releaseBatches } from '@outrigger/store';
import type { Archive } from './archive.ts';
import type { Attach } from './attach.ts';
import type { BrakesSince } from './brake-watch.ts';
import type { Denylist } from './denylist.ts';
import { eachLimited } from './each-limited.ts';
import type { Enqueue } from './enqueue.ts';
import { gate } from './gate.ts';
import type { Journal } from './journal.ts';
import type { LoadPeopleSettings } from './people.ts';
import type { AboutMessage, Record } from './record.ts';
import { render } from './render.ts';
import { resolve } from './resolve.ts';
import type { Sent } from './send.ts';
import { handOvers, sendAll } from './send-all.ts';
import type { LoadSharedContext } from './shared-context.ts';
import type { SharedReads } from './shared-reads.ts';
import type { Resolved, Step } from './step.ts';
import type { LoadVersion } from './version-cache.ts';

export type DeliverDeps<Settings, Target, Message> = {
  pool: Pool;
  channel: ChannelPort<Settings, Target, Message>;
  loadVersion: LoadVersion<Settings>;
  loadPeopleSettings: LoadPeopleSettings;
  loadSharedContext: LoadSharedContext;
  reads: SharedReads;
  provider: PooledProvider<Message>;
  attach: Attach;
  brakes: BrakesSince;
  journal: Journal;
  denylist?: Denylist<Message> | undefined;
  archive?: Archive<Settings, Target> | undefined;
  record: Record;
  enqueue: Enqueue;
  providerTimeoutMs: number;
  sendConcurrency: number;
  stopping: AbortSignal;
  now(): number;
  /** Whether a provider call that starts now ends before this batch's claim does. */
  mayStart(): boolean;
};

const GIVEN_BACK_MS = 1_000;

/**
 * Delivers a claimed batch: resolve, gate, attach, render, send, record. Each stage takes a message on or stops it with an outcome;
 * nothing here is decided by an exception. What is thrown is a bug or an outage of the ledger; the worker then gives back
 * what was not begun. A message whose call was not begun (we are stopping, or the claim is about to
 * end) is given back. Where a provider takes several messages in one call, those are rendered and sent together.
 */
export async function deliver<Settings, Target, Message>(
  batch: ClaimedBatch,
  deps: DeliverDeps<Settings, Target, Message>,
): Promise<void> {
  const resolved = await timed('resolve', resolve(batch.messages, deps));
  const gated = await timed('gate', gate(resolved, batch, deps));
  let left = 0;
  const handOver = async (steps: Step<Resolved<Settings, Target>>[]) => {
    const sent = await renderAndSend(steps, batch, deps);
    await deps.archive?.(batch, steps, sent);
    await Promise.all(
      steps.map(async ({ message }, place) => {
        const how = sent[place];
        if (how === undefined) {
          left++;
          return;
        }
        await deps.record(batch, message, how, how);
        deps.journal.settled(message.messageId);
      }),
    );
  };
  await eachLimited(handOvers(gated, batch, deps.provider), deps.sendConcurrency, (steps) =>
    deps.attach(steps, deps.stopping, handOver),
  );
  // Not at once: what made it impossible to start (a full disk under the journal) is rarely over in a moment.
  if (left > 0)
    deps.enqueue((await releaseBatches(deps.pool, [batch])).map((back) => ({ ...back, delayMs: GIVEN_BACK_MS })));
}

/**
 * A function of its own, so that nothing holds what was rendered (some 20 kB a message) once it is sent: outcomes wait for their
 * commit, and what lives that long is copied by the collector. A message that never reached a version cannot become unknown;
 * `hold` is the careful answer for it.
 */
async function renderAndSend<Settings, Target, Message>(
  steps: Step<Resolved<Settings, Target>>[],
  batch: ClaimedBatch,
  deps: DeliverDeps<Settings, Target, Message>,
): Promise<((Sent & AboutMessage) | undefined)[]> {
  const inJson = steps.length > 1 && deps.channel.composesFromJson === true;
  const rendered = steps.map((step) => render(step, deps.channel, { inJson }));
  const sent = await sendAll(rendered, batch, deps);
  return rendered.map((step, place) => {
    const onUnknown = 'go' in step ? step.go.version.definition.on_unknown : 'hold';
    const how = sent[place];
    // Nothing is noted of a message that was given to no provider (spec 13.5).
    const metadata = 'go' in step && how?.provider ? step.go.metadata : undefined;
    return how && { ...how, onUnknown, metadata };
  });
}
