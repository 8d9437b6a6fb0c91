import type { InboundText } from '@outrigger/core';
import { z } from 'zod';

/** https://docs.aws.amazon.com/sms-voice/latest/userguide/two-way-sms-payload.html */
const twoWay = z.looseObject({
  originationNumber: z.string().min(3).max(40),
  destinationNumber: z.string().min(3).max(40),
  messageBody: z.string().max(2_000),
  inboundMessageId: z.string().min(1).max(200),
  previousPublishedMessageId: z.string().max(200).optional().catch(undefined),
});

/** A text that came in, as AWS publishes it to the topic of a number; undefined for anything else. */
export function readInboundText(json: unknown): InboundText | undefined {
  const parsed = twoWay.safeParse(json);
  if (!parsed.success) return undefined;
  const { originationNumber, destinationNumber, messageBody, inboundMessageId, previousPublishedMessageId } =
    parsed.data;
  return {
    inboundId: inboundMessageId,
    from: originationNumber,
    to: destinationNumber,
    text: messageBody,
    ...(previousPublishedMessageId && { after: previousPublishedMessageId }),
  };
}
