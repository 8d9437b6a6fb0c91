import { LANES } from '@outrigger/core';
import { callToProviderSeconds, outcomes } from '@outrigger/metrics';
import type { Log } from '@outrigger/runtime';
import type { ClaimedBatch, ClaimedMessage } from '@outrigger/store';
import type { Sent } from './send.ts';

/** Which attempts get a log line. `auto`: all on the standard lanes; on the others, whose messages come by the thousand, those that were not sent. */
export type AttemptLog = 'all' | 'auto' | 'problems';

/** Says how an attempt ended, in metrics and as one log line. */
export type ReportAttempt = (batch: ClaimedBatch, message: ClaimedMessage, sent: Sent, retryAt?: Date) => void;

/**
 * The one place where an attempt is counted and logged: one line `message.attempted` with always the same fields. `detail` is
 * not among them: providers quote addresses in their answers. It is in the ledger, where the tenant alone can read it.
 */
export function createAttemptReporter({ log, attemptLog }: { log: Log; attemptLog: AttemptLog }): ReportAttempt {
  return function reportAttempt(batch, message, { outcome, provider }, retryAt) {
    const { lane, attempt } = batch;
    const sent = outcome.state === 'sent';
    const code = sent ? '' : outcome.code;
    const sinceAcceptMs = Date.now() - message.acceptedAt.getTime();
    outcomes.inc({ lane, state: outcome.state, code });
    if (sent && batch.pass === 1) callToProviderSeconds.observe({ lane }, sinceAcceptMs / 1_000);
    if (sent && (attemptLog === 'problems' || (attemptLog === 'auto' && LANES[lane].laneClass !== 'standard'))) return;
    log.info({
      event: 'message.attempted',
      message_id: message.messageId,
      execution_id: message.executionId,
      campaign_id: message.campaignId,
      tenant_id: message.tenantId,
      lane,
      batch_id: batch.batchId,
      attempt,
      pass: batch.pass,
      possible_duplicate: batch.possibleDuplicate,
      outcome: outcome.state,
      code,
      account: provider,
      since_accept_ms: sinceAcceptMs,
      retry_at: retryAt?.toISOString() ?? null,
    });
  };
}
