import { setTimeout as delay } from 'node:timers/promises';
import { sesEvent } from '@outrigger/testkit/sns-emulator';
import { signSnsMessage, snsMembers } from '@outrigger/testkit/sns-signature';
import type { Random } from '../random.ts';
import type { HandOver } from './provider-ledger.ts';

export const TOPIC = 'arn:aws:sns:eu-central-1:123456789012:chaos-events';

/** Of a mail that was taken: whether it is heard of at all, and how often the same report comes twice. */
const REPORTED = 0.7;
const TWICE = 0.2;
/** Most reports come before an unknown message is decided, some long after, and none in order. */
const USUAL_DELAY_MS = { from: 0, to: 2_500 };
const LONG_DELAY_MS = { from: 2_500, to: 12_000 };
const LATE = 0.15;
/** As SNS does: what is not answered with 200 is sent again, for a while. */
const AGAIN_MS = 500;
const TRIES = 40;

/**
 * What SES reports of mails that it took, through SNS: `Send` and `Delivery`, late, twice and in any order. `noted` is told of
 * each report that was answered with 200, which is a promise that it is on disk.
 */
export function createReports(options: {
  gatewayUrl: string;
  random: Random;
  noted: (messageId: string, kind: string) => void;
}): (taken: HandOver[]) => void {
  const { gatewayUrl, random, noted } = options;

  async function post(body: string, delayMs: number): Promise<boolean> {
    await delay(delayMs);
    for (let attempt = 0; attempt < TRIES; attempt++) {
      const answer = await fetch(`${gatewayUrl}/callbacks/ses/ses`, {
        method: 'POST',
        headers: { 'content-type': 'text/plain; charset=UTF-8' },
        body,
        signal: AbortSignal.timeout(5_000),
      }).catch(() => undefined);
      if (answer?.status === 200) return true;
      await delay(AGAIN_MS);
    }
    return false;
  }

  return (taken) => {
    for (const { messageId, recipient: to } of taken) {
      if (!random.chance(REPORTED)) continue;
      for (const kind of ['Send', 'Delivery'] as const) {
        const event = sesEvent(kind, { messageId, to });
        const body = JSON.stringify(signSnsMessage({ ...snsMembers(TOPIC), Type: 'Notification', Message: event }));
        for (let copies = random.chance(TWICE) ? 2 : 1; copies > 0; copies--) {
          const { from, to: until } = random.chance(LATE) ? LONG_DELAY_MS : USUAL_DELAY_MS;
          void post(body, random.between(from, until)).then((kept) => kept && noted(messageId, kind));
        }
      }
    }
  };
}
