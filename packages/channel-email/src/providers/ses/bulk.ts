import type { AwsClient, HttpAnswer } from '@outrigger/aws-request';
import {
  answerWith,
  type EmailMessage,
  NOT_BEGUN,
  parseEmailAddress,
  type SendMany,
  type SendResult,
} from '@outrigger/core';
import { mailboxText } from '../../mime-header.ts';
import { readJson, readRefusal } from './answer.ts';
import { codeOfEntry } from './codes.ts';
import type { SesConfig } from './config.ts';
import { JSON_TYPE, SES_MESSAGE_TAG } from './request.ts';
import { type SesTemplate, slotsOf, templateOf } from './template.ts';

/** https://docs.aws.amazon.com/ses/latest/dg/send-personalized-email-api.html: destinations of a call, bytes of its JSON. */
const MOST_RECIPIENTS = 50;
const LARGEST_CALL = 900_000;
/** https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_MessageHeader.html */
const HEADER_VALUE = /^[ -~]{1,870}$/;
const MOST_HEADERS = 15;

/**
 * `SendBulkEmail` with the version's text as an inline template and each recipient's slots (decision 11). A call that SES refuses
 * as a whole for its content took nobody's message; then each goes by itself, so that only the one at fault is refused.
 */
export function createBulkSender(
  client: AwsClient,
  config: SesConfig,
  sendAlone: (message: EmailMessage, signal: AbortSignal) => Promise<SendResult>,
): SendMany<EmailMessage> {
  async function call(entries: Entry[], signal: AbortSignal): Promise<SendResult[]> {
    const answer = await client.post('/v2/email/outbound-bulk-emails', JSON_TYPE, bulkRequest(entries, config), signal);
    if ('failure' in answer) return entries.map(() => answer.failure);
    const results = readBulkAnswer(answer, entries);
    const refused = results[0]!;
    if (answer.status === 200 || refused.kind !== 'refused' || !refused.code.startsWith('permanent.')) return results;
    return Promise.all(entries.map(({ message }) => sendAlone(message, signal)));
  }

  return {
    limit: MOST_RECIPIENTS,
    groupOf: (message) => (isAddress(message.to) && headersFit(message.headers) ? templateOf(message) : undefined),
    async send(messages, signal) {
      if (signal.aborted) return messages.map(() => NOT_BEGUN);
      const results = await Promise.all(inCalls(messages).map((entries) => call(entries, signal)));
      return results.flat();
    },
  };
}

/** A message with its part of the call. */
export type Entry = { message: EmailMessage; json: string; bytes: number };

/** The messages in their order, in as many calls as their size asks for: nearly always one. */
function inCalls(messages: EmailMessage[]): Entry[][] {
  const calls: Entry[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const message of messages) {
    const json = entryOf(message);
    const length = Buffer.byteLength(json);
    if (bytes + length > LARGEST_CALL) {
      calls.push([]);
      bytes = Buffer.byteLength(contentOf(templateOf(message)!)) + 1_000;
    }
    bytes += length;
    calls.at(-1)!.push({ message, json, bytes: length });
  }
  return calls;
}

export function entryOf(message: EmailMessage): string {
  const names = Object.keys(message.headers);
  const headers = names.map((Name) => ({ Name, Value: message.headers[Name]! }));
  return (
    `{"Destination":{"ToAddresses":[${JSON.stringify(message.to)}]},` +
    `"ReplacementTags":[{"Name":"${SES_MESSAGE_TAG}","Value":${JSON.stringify(message.messageId)}}],` +
    (names.length === 0 ? '' : `"ReplacementHeaders":${JSON.stringify(headers)},`) +
    `"ReplacementEmailContent":{"ReplacementTemplate":{"ReplacementTemplateData":"${slotsOf(message)}"}}}`
  );
}

export function bulkRequest(entries: Entry[], config: Pick<SesConfig, 'SES_CONFIGURATION_SET'>): Buffer {
  const { message } = entries[0]!;
  const call = JSON.stringify({
    FromEmailAddress: mailboxText(message.from),
    ReplyToAddresses: message.replyTo && [mailboxText(message.replyTo)],
    ConfigurationSetName: config.SES_CONFIGURATION_SET,
  });
  const content = contentOf(templateOf(message)!);
  const begin = `${call.slice(0, -1)},"DefaultContent":${content},"BulkEmailEntries":[`;
  // Each entry goes straight to its place: all of them in one text would be a large object for the collector, call by call.
  const room = entries.reduce((sum, { bytes }) => sum + bytes + 1, Buffer.byteLength(begin) + CLOSE.length);
  const body = Buffer.allocUnsafeSlow(room);
  let at = body.write(begin);
  for (const { json } of entries) {
    at += body.write(json, at);
    body[at++] = COMMA;
  }
  // Over the last comma.
  at += body.write(CLOSE, at - 1) - 1;
  return body.subarray(0, at);
}

const COMMA = 0x2c;
const CLOSE = ']}';

const contents = new WeakMap<SesTemplate, string>();

/** The same text in every call of a version, so it is written once. */
function contentOf(template: SesTemplate): string {
  let content = contents.get(template);
  if (content === undefined) {
    content = JSON.stringify({ Template: { TemplateContent: template, TemplateData: '{}' } });
    contents.set(template, content);
  }
  return content;
}

/** Looked at once more: a single malformed address makes SES refuse the whole call. */
function isAddress(to: string): boolean {
  const parsed = parseEmailAddress(to);
  return !('problem' in parsed) && parsed.address === to;
}

function headersFit(headers: Record<string, string>): boolean {
  const names = Object.keys(headers);
  return names.length <= MOST_HEADERS && names.every((name) => HEADER_VALUE.test(headers[name]!));
}

type EntryResult = { Status?: unknown; Error?: unknown; MessageId?: unknown };

/** One result an entry. An answer that does not say one thing of each entry says nothing of any. */
export function readBulkAnswer(answer: HttpAnswer, entries: Entry[]): SendResult[] {
  if (answer.status !== 200) {
    return entries.map(({ message }) => readRefusal(answer, message.to));
  }
  const results = readJson(answer)?.BulkEmailEntryResults;
  if (!Array.isArray(results) || results.length !== entries.length) {
    const unreadable = answerWith('ambiguous.response', 'HTTP 200 unreadable', { detail: answer.body });
    return entries.map(() => unreadable);
  }
  return results.map((result: EntryResult | null) => readEntry(result ?? {}));
}

function readEntry({ Status: status, Error: error, MessageId: id }: EntryResult): SendResult {
  if (status === 'SUCCESS') {
    return typeof id === 'string' && id !== ''
      ? { kind: 'accepted', providerMessageId: id }
      : answerWith('ambiguous.response', 'no_message_id');
  }
  const name = typeof status === 'string' && status !== '' ? status : 'no_status';
  return answerWith(codeOfEntry(name), name, { detail: typeof error === 'string' ? error : name });
}
