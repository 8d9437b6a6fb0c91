import { DEFAULT_RETRY, LANES } from '@outrigger/core';
import type { ManySendOptions, PooledProvider } from '@outrigger/flow';
import type { ClaimedBatch, ClaimedMessage } from '@outrigger/store';
import { takesFiles } from './attach.ts';
import { outcomeOf } from './outcome.ts';
import { routeOf } from './route.ts';
import { announce, LONGEST_SLOT_WAIT_MS, type SendDeps, type Sent, send } from './send.ts';
import type { Rendered, Resolved, Step } from './step.ts';

/**
 * The messages of a batch in the handfuls in which they are rendered and sent. A lost answer leaves every message of its call
 * unknown, so the standard lane, where people wait, hands over one at a time; high throughput and bulk as many as a call takes,
 * those of a version beside each other. A message with files goes by itself: it would be most of its call, and of the memory.
 */
export function handOvers<Settings, Target, Message>(
  steps: readonly Step<Resolved<Settings, Target>>[],
  { lane }: Pick<ClaimedBatch, 'lane'>,
  provider: Pick<PooledProvider<Message>, 'groupLimit'>,
): Step<Resolved<Settings, Target>>[][] {
  const size = LANES[lane].laneClass === 'standard' ? 1 : provider.groupLimit();
  if (size === 1) return steps.map((step) => [step]);
  const [alone, shared] = [steps.filter(takesFiles), steps.filter((step) => !takesFiles(step))];
  const handfuls = [...Map.groupBy(shared, ({ message }) => message.versionId).values()].flatMap((ofVersion) =>
    Array.from({ length: Math.ceil(ofVersion.length / size) }, (_, n) => ofVersion.slice(n * size, (n + 1) * size)),
  );
  return [...alone.map((step) => [step]), ...handfuls];
}

/** Stage: hands over each message at most once, together with those of its group or by itself. One answer a step. */
export async function sendAll<Settings, Message>(
  steps: Step<Rendered<Settings, Message>>[],
  batch: ClaimedBatch,
  deps: SendDeps<Message>,
): Promise<(Sent | undefined)[]> {
  if (steps.length === 1) return [await send(steps[0]!, batch, deps)];
  const groups = [...Map.groupBy(steps, (step) => groupOf(step, deps.provider) ?? step).values()];
  const sent = new Map<object, Sent | undefined>();
  await Promise.all(
    groups.map(async (group) => {
      const results = await sendGroup(group, batch, deps);
      group.forEach((step, place) => {
        sent.set(step, results[place]);
      });
    }),
  );
  return steps.map((step) => sent.get(step));
}

type GoingStep<Settings, Message> = { message: ClaimedMessage; go: Rendered<Settings, Message> };

/** A message with several addresses takes several calls, so it is no part of one. */
function groupOf<Settings, Message>(
  step: Step<Rendered<Settings, Message>>,
  provider: PooledProvider<Message>,
): object | undefined {
  return 'go' in step && step.go.messages.length === 1 ? provider.groupOf(step.go.messages[0]!) : undefined;
}

/**
 * As `send`, for messages of one version in one call: a journal line for each of them before it, the lease looked at after that,
 * and the answer's lines after it.
 */
async function sendGroup<Settings, Message>(
  group: Step<Rendered<Settings, Message>>[],
  batch: ClaimedBatch,
  deps: SendDeps<Message>,
): Promise<(Sent | undefined)[]> {
  if (group.length === 1) return [await send(group[0]!, batch, deps)];
  const going = group as GoingStep<Settings, Message>[];
  const { message, go } = going[0]!;
  // Of one version: one tenant, campaign and channel configuration, so one way for all of them.
  const braked = { lane: batch.lane, brakes: deps.brakes.inForce() };
  const route = routeOf(message, go.version, braked, deps.provider.accounts);
  if ('stop' in route) return group.map(() => ({ outcome: route.stop, provider: '' }));
  const byId = new Map(going.map((step) => [step.message.messageId, step.message]));
  const options: ManySendOptions = {
    ...route,
    maxWaitMs: LONGEST_SLOT_WAIT_MS,
    callTimeoutMs: deps.providerTimeoutMs,
    beforeCall(account, messageIds) {
      const free = messageIds.filter((messageId) => !deps.brakes.holds(byId.get(messageId)!, account));
      return free.length > 0 && announce(free, batch.token, deps) ? free : [];
    },
  };
  const results = await deps.provider.sendManyWith(
    going.map((step) => step.go.messages[0]!),
    deps.stopping,
    options,
  );
  const answered = going.flatMap((step, place) => {
    const result = results[place];
    return result?.account === undefined ? [] : [{ messageId: step.message.messageId, result }];
  });
  if (answered.length > 0) deps.journal.results(answered, batch.token);
  const { retry = DEFAULT_RETRY } = go.version.definition;
  return results.map(
    (result) => result && { outcome: outcomeOf(result, batch.attempt, retry), provider: result.account ?? '', retry },
  );
}
