import type { ChannelPackage, PushContent } from '@outrigger/contracts';
import { checkSms } from './check-sms.ts';
import { error, type Finding, warning } from './finding.ts';

/** What is missing or wrong in what the author wrote, before any template is compiled (spec 4, 5.3). */
export function* checkContent(action: ChannelPackage): Generator<Finding> {
  switch (action.channel) {
    case 'EMAIL':
      return yield* checkEmail(action.content);
    case 'SMS':
      return yield* checkSms(action.content);
    case 'PUSH':
      return yield* checkPush(action.content);
    default:
      return action satisfies never;
  }
}

/** Headers that the system writes itself (RFC 5322, RFC 2045); an author may not add a second one. */
const RESERVED_HEADER =
  /^(from|sender|to|cc|bcc|reply-to|subject|date|message-id|mime-version|content-.*|x-ses-.*|resent-.*|return-path|received|dkim-signature)$/i;

function* checkEmail(content: Extract<ChannelPackage, { channel: 'EMAIL' }>['content']): Generator<Finding> {
  const { subject, html, mjml, text, headers } = content;
  if (subject.trim() === '') yield error('MESSAGE', 'content.subject_missing', 'The subject is empty.');
  if (/[\r\n]/.test(subject)) yield error('MESSAGE', 'content.subject_line_break', 'The subject has a line break.');
  if (html && mjml) yield error('MESSAGE', 'content.two_bodies', 'Give either html or mjml, not both.');
  if (!(html?.body.trim() || mjml?.body.trim())) {
    yield error('MESSAGE', 'content.body_missing', 'The email has no body; set html.body or mjml.body.');
  }
  if (text && !text.syncFromHtml && text.body.trim() === '') {
    yield warning('MESSAGE', 'content.text_missing', 'The text version is empty.');
  }
  const seen = new Set<string>();
  for (const name of Object.keys(headers ?? {})) {
    if (RESERVED_HEADER.test(name)) {
      yield error('MESSAGE', 'content.header_reserved', `The header ${name} is written by the system; remove it.`);
    }
    if (seen.has(name.toLowerCase())) {
      yield error('MESSAGE', 'content.header_twice', `The header ${name} is there twice, in two spellings.`);
    }
    seen.add(name.toLowerCase());
  }
}

function* checkPush(content: PushContent): Generator<Finding> {
  const { pushType, title, message, interaction, ios, android } = content;
  if (pushType === 'message' && !title?.trim() && !message?.trim()) {
    yield error('MESSAGE', 'content.text_missing', 'Set a title or a message, or make the push silent.');
  }
  if (pushType === 'silent' && (title?.trim() || message?.trim())) {
    yield warning('MESSAGE', 'content.silent_text', 'A silent push shows nothing; title and message are not sent.');
  }
  const links = [
    { what: 'interaction', ...interaction },
    ...(ios?.actions?.buttons ?? []).map((button, index) => ({ what: `ios button ${index + 1}`, ...button })),
    ...(android?.actions?.buttons ?? []).map((button, index) => ({ what: `android button ${index + 1}`, ...button })),
  ];
  for (const { what, type, uri } of links) {
    if ((type === 'DEEPLINK' || type === 'WEBURL') && !uri?.trim()) {
      yield error('MESSAGE', 'content.link_missing', `The ${what} is a ${type} without uri.`);
    }
    if (type === 'WEBURL' && uri && !/^(https?:\/\/|\{\{)/i.test(uri.trim())) {
      yield error('MESSAGE', 'content.link_scheme', `The uri of the ${what} must begin with http:// or https://.`);
    }
  }
  for (const [what, uri] of [
    ['ios', ios?.media?.uri],
    ['android', android?.media?.uri],
  ]) {
    if (uri?.includes('://') && !/^https?:\/\//i.test(uri)) {
      yield error('MESSAGE', 'content.media_scheme', `The media uri of ${what} must begin with http:// or https://.`);
    }
  }
}

/** What the compiled HTML of an email shows (spec 5.3). */
export function* checkHtml(html: string, marketing: boolean): Generator<Finding> {
  if (/<a\b[^>]*\shref\s*=\s*(?:""|''|"#"|'#')/i.test(html)) {
    yield warning('MESSAGE', 'content.link_empty', 'A link leads nowhere: its href is empty.');
  }
  if (marketing && !OPT_OUT.test(html)) {
    yield warning(
      'MESSAGE',
      'content.opt_out_missing',
      'A marketing email without a link to opt out; add one whose address says unsubscribe or opt-out.',
    );
  }
}

/** A link whose address, or the variable that makes it, speaks of opting out. */
const OPT_OUT = /\shref\s*=\s*(?:"[^"]*|'[^']*)(?:unsubscri|opt[-_]?out|preference)/i;
