/**
 * A text inside a JSON text inside a JSON text, as `TemplateData` is: what `JSON.stringify` would make of it twice, without the
 * quotes. One pass over its bytes takes a third of the time of the two, and goes straight into the request.
 */

/** The most bytes that one UTF-16 unit makes: a control character, `\\\\u001f`. */
export const TWICE_ESCAPED = 7;

/** 0 for a byte that stays, else the byte of its short escape, or 1 for one that has none. */
const ESCAPES = new Uint8Array(256);
ESCAPES.fill(1, 0, 0x20);
for (const [character, letter] of Object.entries({
  '\b': 'b',
  '\t': 't',
  '\n': 'n',
  '\f': 'f',
  '\r': 'r',
  '"': '"',
  '\\': '\\',
})) {
  ESCAPES[character.charCodeAt(0)] = letter.charCodeAt(0);
}
const BACKSLASH = 0x5c;
const QUOTE = 0x22;
const HEX = Buffer.from('0123456789abcdef');
const NO_SHORT_ESCAPE = 1;

/** The text's own bytes on their way; used between two lines of one call and never kept. */
let bytes = Buffer.allocUnsafeSlow(64 * 1024);

/** Writes the text from `start` and answers where it ended; half a character becomes U+FFFD, as in every UTF-8. */
export function writeTwiceEscaped(text: string, out: Buffer, start: number): number {
  if (text.length * 3 > bytes.length) bytes = Buffer.allocUnsafeSlow(text.length * 3);
  const end = bytes.write(text, 'utf8');
  let at = start;
  for (let index = 0; index < end; index += 1) {
    const byte = bytes[index]!;
    const letter = ESCAPES[byte]!;
    if (letter === 0) {
      out[at++] = byte;
      continue;
    }
    out[at++] = BACKSLASH;
    out[at++] = BACKSLASH;
    if (letter === NO_SHORT_ESCAPE) {
      at += out.write('u00', at, 'latin1');
      out[at++] = HEX[byte >> 4]!;
      out[at++] = HEX[byte & 15]!;
      continue;
    }
    // Quote and backslash are escaped themselves once more.
    if (letter === QUOTE || letter === BACKSLASH) out[at++] = BACKSLASH;
    out[at++] = letter;
  }
  return at;
}
