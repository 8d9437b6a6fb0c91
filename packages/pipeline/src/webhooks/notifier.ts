import { webhooksPaused, webhooksTold } from '@outrigger/metrics';
import { errorFields, type Log, type Part, startRounds } from '@outrigger/runtime';
import { forgetDeadPosts, leaseWebhooks, type Pool, releaseWebhooks, type WebhookLease } from '@outrigger/store';
import { createPeopleSettings } from '../people.ts';
import { createPoster } from './post.ts';
import { type TellDeps, tellWebhook } from './tell.ts';
import { createChooser, type ResolveAddress } from './wanted.ts';

const LEASE_EVERY_MS = 2_000;
/** A process that died, or stands still, is followed by another after this. */
const LEASE_MS = 30_000;
/** Webhooks that one process tells; with more of them, start another gateway. */
const CAPACITY = 1_000;
const POST_TIMEOUT_MS = 10_000;
const SHORTEST_REST_MS = 100;
const LONGEST_REST_MS = 1_000;
const AFTER_ERROR_MS = 1_000;
const FORGET_EVERY_MS = 3_600_000;
/** As long as dead letters of messages are kept (reliability P17). */
const DEAD_KEPT_MS = 30 * 24 * 3_600_000;

export type NotifierOptions = {
  pool: Pool;
  log: Log;
  resolveAddress: ResolveAddress;
  /** Takes http and private addresses: for development. */
  allowInsecure: boolean;
  postTimeoutMs?: number;
  leaseMs?: number;
};

/**
 * Tells webhooks what the ledger says. Every webhook is told by one process at a time (a lease), and each has a loop, connections
 * and failures of its own: an endpoint that is slow or dead holds up nobody else. While there are no webhooks this is one read every two
 * seconds.
 */
export function startNotifier(options: NotifierOptions): Part {
  const { pool, log, resolveAddress, allowInsecure, leaseMs = LEASE_MS, postTimeoutMs = POST_TIMEOUT_MS } = options;
  const poster = createPoster({ allowInsecure, timeoutMs: postTimeoutMs });
  const loadPeopleSettings = createPeopleSettings(pool);
  const deps: TellDeps = {
    pool,
    log,
    post: poster.post,
    choose: createChooser(pool),
    loadPeopleSettings,
    resolveAddress,
  };
  const told = new Map<number, { lease: WebhookLease; loop: Part; paused: boolean }>();
  const ending = new Set<Promise<void>>();
  let forgottenAt = Number.NEGATIVE_INFINITY;

  async function renewLeases(): Promise<void> {
    const held = await leaseWebhooks(
      pool,
      [...told.values()].map(({ lease }) => lease),
      leaseMs,
      CAPACITY,
    );
    const byTenant = new Map(held.map((lease) => [lease.tenantId, lease]));
    for (const [tenantId, { lease, loop }] of told) {
      if (byTenant.get(tenantId)?.lease === lease.lease) continue;
      told.delete(tenantId);
      const ended = loop.stop().finally(() => ending.delete(ended));
      ending.add(ended);
    }
    for (const lease of held) if (!told.has(lease.tenantId)) begin(lease);
    webhooksTold.set(told.size);
    webhooksPaused.set([...told.values()].filter(({ paused }) => paused).length);
  }

  function begin(lease: WebhookLease): void {
    let restMs = SHORTEST_REST_MS;
    const entry = { lease, paused: false, loop: undefined as unknown as Part };
    told.set(lease.tenantId, entry);
    entry.loop = startRounds('webhook', async (stopping) => {
      try {
        const round = await tellWebhook(deps, lease, stopping);
        entry.paused = round.restMs !== undefined;
        restMs = round.worked ? SHORTEST_REST_MS : Math.min(restMs * 2, LONGEST_REST_MS);
        return round.worked ? 0 : Math.min(round.restMs ?? restMs, LONGEST_REST_MS);
      } catch (error) {
        log.warn({ event: 'webhook.failed', tenant_id: lease.tenantId, ...errorFields(error) });
        return AFTER_ERROR_MS;
      }
    });
  }

  const leases = startRounds('webhook leases', async () => {
    try {
      await renewLeases();
      if (performance.now() - forgottenAt > FORGET_EVERY_MS) {
        await forgetDeadPosts(pool, DEAD_KEPT_MS);
        forgottenAt = performance.now();
      }
    } catch (error) {
      log.warn({ event: 'webhook.leases_failed', ...errorFields(error) });
    }
    return LEASE_EVERY_MS;
  });

  return {
    name: 'notifier',
    async stop() {
      await leases.stop();
      await Promise.all([...ending, ...[...told.values()].map(({ loop }) => loop.stop())]);
      const held = [...told.values()].map(({ lease }) => lease);
      if (held.length > 0) await releaseWebhooks(pool, held).catch(() => undefined);
      poster.close();
    },
  };
}
