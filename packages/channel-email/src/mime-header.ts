import { encodedWords } from './mime-encode.ts';

/**
 * Header fields of a message (RFC 5322 section 2.2). Values are made harmless here, whoever calls: control characters
 * (CR and LF among them) become spaces, so that a value can never end its own header.
 */

/** RFC 5322 section 2.1.1: a line has at most 998 octets without its CRLF, and better no more than 78. */
export const LONGEST_LINE = 998;
const PREFERRED_LINE = 78;

/** Printable ASCII without the colon (RFC 5322 section 2.2), narrowed to what every mail system takes. */
const HEADER_NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,75}$/;

/** Written by `buildMime`, or added on the way. Giving them twice would let content choose sender or recipients. */
const RESERVED = new Set(
  (
    'from sender to cc bcc reply-to subject date message-id mime-version return-path received dkim-signature ' +
    'resent-from resent-sender resent-to resent-cc resent-bcc resent-date resent-message-id'
  ).split(' '),
);
/** `content-*` describes the parts; SES obeys `x-ses-*` (configuration set, tags, identity) wherever it comes from. */
const RESERVED_PREFIXES = ['content-', 'x-ses-'];

/** Why a name cannot be used for an extra header, or undefined. */
export function reservedHeader(name: string): string | undefined {
  if (!HEADER_NAME.test(name)) return 'is not a valid header name';
  const lower = name.toLowerCase();
  if (RESERVED.has(lower) || RESERVED_PREFIXES.some((prefix) => lower.startsWith(prefix))) {
    return 'is set by the engine';
  }
  return undefined;
}

/** Control characters and every kind of line break as a single space. */
export function flattenControls(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ');
}

/** True when the value fits into lines of 998 octets: only plain ASCII can fail, as encoded-words fold anywhere. */
export function headerFits(name: string, value: string): boolean {
  const flat = flattenControls(value);
  return needsEncoding(flat) || !fold(`${name}: ${flat}`).some((line) => line.length > LONGEST_LINE);
}

/** One header with its CRLF; an unstructured or already structured ASCII value stays as it is, others are encoded. */
export function formatHeader(name: string, value: string): string {
  const flat = flattenControls(value);
  if (needsEncoding(flat)) return encodedHeader(name, flat, '');
  const lines = fold(`${name}: ${flat}`);
  // A word too long for a line: as encoded-words it can be broken anywhere.
  return lines.some((line) => line.length > LONGEST_LINE) ? encodedHeader(name, flat, '') : `${lines.join('\r\n')}\r\n`;
}

/** A header with one mailbox. The address has been checked; the name may be anything. */
export function formatMailbox(name: string, mailbox: { name?: string; address: string }): string {
  const display = flattenControls(mailbox.name ?? '').trim();
  if (display === '') return `${name}: ${mailbox.address}\r\n`;
  const address = `<${mailbox.address}>`;
  if (needsEncoding(display) || display.length > LONGEST_QUOTED_NAME) return encodedHeader(name, display, address);
  const phrase = ATOMS.test(display) ? display : `"${display.replace(/["\\]/g, '\\$&')}"`;
  const line = `${name}: ${phrase} ${address}`;
  return line.length <= PREFERRED_LINE ? `${line}\r\n` : `${name}: ${phrase}\r\n ${address}\r\n`;
}

/** A mailbox as it stands in a header, on one line: for an API that writes the header itself. */
export function mailboxText(mailbox: { name?: string; address: string }): string {
  return formatMailbox('X', mailbox).slice('X: '.length).replace(/\r\n/g, '');
}

/** Words of atoms (RFC 5322 section 3.2.3) need no quotes. */
const ATOMS = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/;
/** With every character escaped it still fits into one line. */
const LONGEST_QUOTED_NAME = 60;

/**
 * Non-ASCII text, text that a reader would take for an encoded-word, and blanks that folding or a parser may lose
 * (around the value, in runs).
 */
function needsEncoding(text: string): boolean {
  return /[^ -~]|=\?| {2}|^ | $/.test(text);
}

function encodedHeader(name: string, text: string, tail: string): string {
  const words = encodedWords(text, name.length + 2);
  if (tail !== '') words.push(tail);
  return `${name}: ${words.join('\r\n ')}\r\n`;
}

/** Breaks before spaces (RFC 5322 section 2.2.3), so that taking the CRLFs out gives the line back unchanged. */
function fold(header: string): string[] {
  if (header.length <= PREFERRED_LINE) return [header];
  const lines: string[] = [];
  let line = '';
  for (const word of header.split(' ')) {
    if (line === '') line = word;
    else if (line.length + 1 + word.length <= PREFERRED_LINE || line.endsWith(':')) line += ` ${word}`;
    else {
      lines.push(line);
      line = ` ${word}`;
    }
  }
  lines.push(line);
  return lines;
}
