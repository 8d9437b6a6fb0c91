import type { WebhookFacts } from '@outrigger/store/inspect';
import { type Finding, good, warning } from './finding.ts';

const SUBJECT = 'webhooks';

/** What the facts mean; nothing while there are no webhooks. */
export function judgeWebhooks({ webhooks, untold, paused, dead }: WebhookFacts): Finding[] {
  if (webhooks === 0) return [];
  return [
    untold === 0
      ? good(SUBJECT, `All ${webhooks} are looked after.`)
      : warning(
          SUBJECT,
          `${untold} of ${webhooks} are looked after by no gateway: their events wait in the ledger.`,
          'Start a gateway; one looks after 1,000 webhooks. After a crash another takes over within half a minute.',
        ),
    ...(paused === 0
      ? []
      : [
          warning(
            SUBJECT,
            `${paused} of ${webhooks} are left alone for a while, because posts to them failed.`,
            'The log line webhook.paused and `outrigger webhook show` of the sandbox say why. Their events wait.',
          ),
        ]),
    ...(dead === 0
      ? []
      : [
          warning(
            SUBJECT,
            `${dead} events could not be told.`,
            'Look at them with `outrigger webhook dead` of the sandbox, and post them again: `outrigger webhook replay`.',
          ),
        ]),
  ];
}
