import { type EmailMessage, type Pieces, parseEmailAddress } from '@outrigger/core';
import { attachmentParts } from './mime-attachment.ts';
import { encodeText } from './mime-encode.ts';
import { formatHeader, formatMailbox, reservedHeader } from './mime-header.ts';
import { encodePieces } from './mime-pieces.ts';

/** A body part ready to be joined with others. */
export type MimePart = { contentType: string; encoding: 'quoted-printable' | 'base64'; content: Buffer };

/** One text part; `subtype` as in `text/html`. With its pieces, only what is between the fixed ones is encoded anew. */
export function textPart(subtype: 'plain' | 'html' | 'x-amp-html', text: string, pieces?: Pieces): MimePart {
  const encoded = pieces ? encodePieces(text, pieces) : encodeText(text);
  return { contentType: `text/${subtype}; charset=utf-8`, ...encoded };
}

/**
 * The raw message (RFC 5322, RFC 2045 to 2047) of an email: pure ASCII, CRLF line ends, no line over 998 octets.
 * It always has one From, one To with one mailbox, one Subject, Date, Message-ID and MIME-Version, and besides
 * Reply-To the given extra headers: no value can add a header or a recipient.
 *
 * @param at the instant of the Date header
 * @throws TypeError for a message that no checked path can produce: an address, message id or header name that is not
 * well-formed, or an extra header with the name of one that is written here
 */
export function buildMime(message: EmailMessage, at: Date): Buffer {
  const { pieces = {} } = message;
  const parts = [textPart('html', message.html, pieces.html)];
  // AMP stands before the HTML: some programs show nothing but the last part.
  if (message.amp !== undefined) parts.unshift(textPart('x-amp-html', message.amp));
  if (message.text !== undefined) parts.unshift(textPart('plain', message.text, pieces.text));
  return assembleMime(message, at, parts);
}

/**
 * Joins headers and encoded parts into the raw message: one part as it is, several as `multipart/alternative` from the
 * plainest to the richest; with files, `multipart/mixed` of that and of them.
 */
export function assembleMime(message: EmailMessage, at: Date, parts: MimePart[]): Buffer {
  const headers = Buffer.from(messageHeaders(message, at));
  const body = alternatives(message, parts);
  const files = attachmentParts(message.attachments ?? []);
  if (files.length === 0) return Buffer.concat([headers, ...body]);
  // The boundary of the texts must not be how this one begins (RFC 2046 section 5.1.1).
  const boundary = `=_f.${message.messageId}`;
  const delimiter = Buffer.from(`--${boundary}\r\n`);
  const pieces: Buffer[] = [headers, Buffer.from(`Content-Type: multipart/mixed;\r\n boundary="${boundary}"\r\n\r\n`)];
  pieces.push(delimiter, ...body);
  for (const file of files) pieces.push(delimiter, file.headers, file.content, LINE_END);
  pieces.push(Buffer.from(`--${boundary}--\r\n`));
  return Buffer.concat(pieces);
}

/** The texts of a message, with the headers of their own kind. */
function alternatives(message: EmailMessage, parts: MimePart[]): Buffer[] {
  const only = parts.length === 1 ? parts[0] : undefined;
  if (only) return [Buffer.from(partHeaders(only)), only.content, LINE_END];
  // `=_` cannot occur in either encoding, so the boundary needs no search through the content.
  const boundary = `=_${message.messageId}`;
  const pieces: Buffer[] = [Buffer.from(`Content-Type: multipart/alternative;\r\n boundary="${boundary}"\r\n\r\n`)];
  for (const part of parts) {
    pieces.push(Buffer.from(`--${boundary}\r\n${partHeaders(part)}`), part.content, LINE_END);
  }
  pieces.push(Buffer.from(`--${boundary}--\r\n`));
  return pieces;
}

/** The Message-ID of a message, without angle brackets: the same for every attempt, so that copies can be recognised. */
export function messageIdHeader(message: EmailMessage): string {
  return `${message.messageId}@${message.from.address.slice(message.from.address.lastIndexOf('@') + 1)}`;
}

const LINE_END = Buffer.from('\r\n');

/** A UUID or ULID with an optional prefix. 62 characters, so that the boundary stays within RFC 2046's 70. */
const MESSAGE_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,61}$/;

function messageHeaders(message: EmailMessage, at: Date): string {
  if (!MESSAGE_ID.test(message.messageId)) throw new TypeError(`message id ${JSON.stringify(message.messageId)}`);
  checkAddress('from', message.from.address);
  const { shownTo = message.to } = message;
  checkAddress('to', message.to);
  checkAddress('to', shownTo);
  let headers = formatMailbox('From', message.from) + formatMailbox('To', { address: shownTo });
  if (message.replyTo) {
    checkAddress('reply-to', message.replyTo.address);
    headers += formatMailbox('Reply-To', message.replyTo);
  }
  if (message.sender) {
    checkAddress('sender', message.sender.address);
    headers += formatMailbox('Sender', message.sender);
  }
  headers += formatHeader('Subject', message.subject);
  headers += `Date: ${at.toUTCString().replace('GMT', '+0000')}\r\nMessage-ID: <${messageIdHeader(message)}>\r\n`;
  for (const name of Object.keys(message.headers)) {
    const problem = reservedHeader(name);
    if (problem) throw new TypeError(`header ${JSON.stringify(name)} ${problem}`);
    headers += formatHeader(name, message.headers[name]!);
  }
  return `${headers}MIME-Version: 1.0\r\n`;
}

function checkAddress(field: string, address: string): void {
  const parsed = parseEmailAddress(address);
  // What was checked must be what is written: an address in another form than the parser's own is refused too.
  if ('problem' in parsed) throw new TypeError(`${field} address ${parsed.problem}`);
  if (parsed.address !== address) throw new TypeError(`${field} address is not in its ASCII form`);
}

function partHeaders(part: MimePart): string {
  return `Content-Type: ${part.contentType}\r\nContent-Transfer-Encoding: ${part.encoding}\r\n\r\n`;
}
