import { classifySnsFailure as classify } from '@outrigger/aws-sns';
import type { SendResult } from '@outrigger/core';
import { SNS_CODES, SNS_PARAMETERS } from './codes.ts';

/** What a failed call of SNS means for a text message (reliability 5.4). */
export function classifySnsFailure(thrown: unknown, signal: AbortSignal): SendResult {
  return classify(thrown, signal, { codes: SNS_CODES, parameters: SNS_PARAMETERS });
}
