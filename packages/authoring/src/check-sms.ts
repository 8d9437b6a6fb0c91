import type { AuthoredRcs, SmsContent } from '@outrigger/contracts';
import { httpsProblem, RCS_BASIC_LIMIT, smsSegments } from '@outrigger/core';
import { error, type Finding, information, warning } from './finding.ts';

/** What is missing or wrong in a text, MMS or RCS content (spec 4.2). */
export function* checkSms(content: SmsContent): Generator<Finding> {
  const { messageType, text, title, mediaUri, rcs } = content;
  if (text.trim() === '') {
    yield messageType === 'rcs'
      ? error('MESSAGE', 'content.rcs_fallback_missing', 'Set text: it is what phones without RCS get.')
      : error('MESSAGE', 'content.text_missing', 'The text is empty.');
  } else {
    yield segmentsOf(text);
  }
  if (messageType === 'mms') {
    if (!mediaUri?.trim()) yield error('MESSAGE', 'content.media_missing', 'An MMS needs a mediaUri.');
    else yield* checkAddress('mediaUri', mediaUri);
  } else if (title !== undefined || mediaUri !== undefined) {
    yield warning('MESSAGE', 'content.mms_ignored', 'title and mediaUri belong to messageType mms; they are not sent.');
  }
  if (messageType === 'rcs') {
    if (rcs) yield* checkRcs(rcs);
    else yield error('MESSAGE', 'content.rcs_missing', 'Set rcs: what phones with RCS show.');
  } else if (rcs) {
    yield warning('MESSAGE', 'content.rcs_ignored', 'rcs belongs to messageType rcs; it is not sent.');
  }
}

function segmentsOf(text: string): Finding {
  const { encoding, units, segments } = smsSegments(text);
  const alphabet = encoding === 'gsm-7' ? 'GSM-7' : 'UCS-2, because of a character that GSM-7 does not have';
  return information(
    'MESSAGE',
    'content.sms_segments',
    `${segments} part(s), ${units} units in ${alphabet}. What personalisation adds is not counted.`,
  );
}

function* checkRcs(rcs: AuthoredRcs): Generator<Finding> {
  if (rcs.type === 'carousel' && rcs.cards.length < 2) {
    yield error('MESSAGE', 'content.rcs_carousel', 'A carousel has 2 cards at least.');
  }
  for (const [where, uri] of addressesOf(rcs)) yield* checkAddress(where, uri);
  if (rcs.type !== 'text') return;
  const basic = rcs.text.length <= RCS_BASIC_LIMIT && !rcs.suggestions?.length;
  const kind = basic ? 'a basic message' : 'a single rich message';
  const message = `${rcs.text.length} characters: ${kind}. Text alone of up to ${RCS_BASIC_LIMIT} characters is a basic one.`;
  yield information('MESSAGE', 'content.rcs_kind', message);
}

/** Every address in a content, under the name of its member. */
function* addressesOf(value: unknown): Generator<[string, string]> {
  if (value === null || typeof value !== 'object') return;
  for (const [name, inner] of Object.entries(value)) {
    if (typeof inner !== 'string') yield* addressesOf(inner);
    else if (name === 'mediaUri' || name === 'thumbnailUri' || name === 'url') yield [name, inner];
  }
}

/** An address that a template makes is looked at for each message. */
function* checkAddress(where: string, uri: string): Generator<Finding> {
  const problem = /\{[{%]/.test(uri) ? undefined : httpsProblem(uri.trim());
  if (problem) yield error('MESSAGE', 'content.media_address', `The ${where} ${problem}.`);
}
