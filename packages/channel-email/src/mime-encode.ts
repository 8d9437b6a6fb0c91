/**
 * The two transfer encodings of a text body (RFC 2045 section 6) and the encoded-words of a header (RFC 2047).
 * Output is ASCII with CRLF line ends and no line longer than 78 octets, whatever goes in.
 */

export type EncodedText = { encoding: 'quoted-printable' | 'base64'; content: Buffer };

/**
 * Encodes a text body in the encoding that makes it shorter: quoted-printable for mostly ASCII, else base64.
 * Line ends of any kind become CRLF, the canonical form of text (RFC 2046 section 4.1.1). The result never contains
 * `=_`, so a boundary that does cannot collide with it (RFC 2045 section 6.7).
 */
export function encodeText(text: string): EncodedText {
  const bytes = Buffer.from(text, 'utf8');
  return isMostlyForeign(bytes.length, text.length)
    ? { encoding: 'base64', content: base64Lines(Buffer.from(text.replace(/\r\n|\r|\n/g, '\r\n'))) }
    : { encoding: 'quoted-printable', content: quotedPrintable(bytes) };
}

/**
 * Whether Base64 makes the shorter body. A character outside ASCII makes more octets than UTF-16 units; the estimate is for
 * speed: this runs per message.
 */
export function isMostlyForeign(octets: number, units: number): boolean {
  return (octets - units) * 4 > octets * BASE64_GROWTH;
}

/**
 * A header value as encoded-words, for the caller to join with folds. Lines with them stay within 76 octets
 * (RFC 2047 section 2) when each word is put on its own line and the first follows `column` octets.
 */
export function encodedWords(text: string, column: number): string[] {
  const words: string[] = [];
  let pending = '';
  let pendingBytes = 0;
  let room = Math.max(SMALLEST_WORD_BYTES, WORD_BYTES - Math.ceil(column / 4) * 3);
  // Iterated by code point: an encoded-word must not split a character (RFC 2047 section 5).
  for (const character of text.toWellFormed()) {
    const bytes = Buffer.byteLength(character);
    if (pendingBytes + bytes > room) {
      words.push(encodedWord(pending));
      pending = '';
      pendingBytes = 0;
      room = WORD_BYTES;
    }
    pending += character;
    pendingBytes += bytes;
  }
  if (pending !== '') words.push(encodedWord(pending));
  return words;
}

function encodedWord(text: string): string {
  return `=?UTF-8?B?${Buffer.from(text).toString('base64')}?=`;
}

/** 45 octets become 60 base64 characters, 73 with the frame around them and the space of the fold before them. */
const WORD_BYTES = 45;
const SMALLEST_WORD_BYTES = 6;

/** Base64 with its line ends needs 78 characters for 57 octets, so it grows by this share. */
const BASE64_GROWTH = 78 / 57 - 1;
const BASE64_LINE = 76;

/** Base64 in lines of 76 characters. */
export function base64Lines(bytes: Buffer): Buffer {
  const flat = bytes.toString('base64');
  const out = Buffer.allocUnsafe(flat.length + Math.ceil(flat.length / BASE64_LINE) * 2);
  let length = 0;
  for (let at = 0; at < flat.length; at += BASE64_LINE) {
    length += out.write(`${flat.slice(at, at + BASE64_LINE)}\r\n`, length, 'latin1');
  }
  return out.subarray(0, length);
}

const CARRIAGE_RETURN = 0x0d;
const LINE_FEED = 0x0a;
const SPACE = 0x20;
const TAB = 0x09;
const DOT = 0x2e;
const EQUALS = 0x3d;
/** One octet less than the 76 of RFC 2045 6.7 (5): the place of the soft line break's own `=`. */
const QUOTED_LINE = 75;
const HEX = Buffer.from('0123456789ABCDEF');

/** 0 for an octet that quoted-printable may write as it is. */
const SPECIAL = Uint8Array.from({ length: 256 }, (_, byte) => {
  if (byte === TAB) return 0;
  return byte < SPACE || byte > 0x7e || byte === EQUALS ? 1 : 0;
});
/** An octet becomes three at most, and a line of 73 or more may need three for a soft line break. */
const QUOTED_GROWTH = 3 + 3 / 24;

/**
 * The loops are flat on purpose: this is the largest share of the CPU that building a message takes.
 * A line break of any kind is written as CRLF.
 */
export function quotedPrintable(bytes: Buffer): Buffer {
  const out = Buffer.allocUnsafe(quotedRoom(bytes.length));
  return out.subarray(0, writeQuoted(bytes, out, 0));
}

/** The most octets that quoted-printable makes of so many. */
export function quotedRoom(bytes: number): number {
  return Math.ceil(bytes * QUOTED_GROWTH) + 8;
}

/** Writes from `start`, which is the begin of a line, and answers where it ended. */
export function writeQuoted(bytes: Buffer, out: Buffer, start: number): number {
  const end = bytes.length;
  let length = start;
  let column = 0;
  let at = 0;
  while (at < end) {
    let byte = bytes[at]!;
    while (SPECIAL[byte] === 0 && column > 0 && column < QUOTED_LINE) {
      out[length++] = byte;
      column++;
      if (++at === end) break;
      byte = bytes[at]!;
    }
    if (at === end) break;
    const lineBreak = byte === LINE_FEED || byte === CARRIAGE_RETURN;
    if (lineBreak) {
      length = escapeLastBlank(out, length, column);
      out[length++] = CARRIAGE_RETURN;
      out[length++] = LINE_FEED;
      at += byte === CARRIAGE_RETURN && bytes[at + 1] === LINE_FEED ? 2 : 1;
      column = 0;
      continue;
    }
    if (column + (SPECIAL[byte] === 1 ? 3 : 1) > QUOTED_LINE) {
      length = softBreak(out, length);
      column = 0;
    }
    // A lone dot at the start of a line ends an SMTP message: better not to lean on every hop to double it.
    if (SPECIAL[byte] === 1 || (byte === DOT && column === 0)) {
      length = escapeByte(out, length, byte);
      column += 3;
    } else {
      out[length++] = byte;
      column++;
    }
    at++;
  }
  return escapeLastBlank(out, length, column);
}

/** A blank at the end of a line gets lost on the way, so it is escaped (RFC 2045 section 6.7 (3)). */
function escapeLastBlank(out: Buffer, length: number, column: number): number {
  const last = column === 0 ? undefined : out[length - 1];
  if (last !== SPACE && last !== TAB) return length;
  return escapeByte(out, column + 2 > QUOTED_LINE ? softBreak(out, length - 1) : length - 1, last);
}

/** A line end that the reader takes away again. */
export function softBreak(out: Buffer, length: number): number {
  out[length] = EQUALS;
  out[length + 1] = CARRIAGE_RETURN;
  out[length + 2] = LINE_FEED;
  return length + 3;
}

function escapeByte(out: Buffer, length: number, byte: number): number {
  out[length] = EQUALS;
  out[length + 1] = HEX[byte >> 4]!;
  out[length + 2] = HEX[byte & 15]!;
  return length + 3;
}
