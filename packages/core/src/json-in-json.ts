/**
 * A text as it stands inside a JSON text that is itself a string of a JSON text, without quotes. Providers that take templates
 * want their values so (SES `TemplateData`). What is beyond Latin-1 is escaped too (RFC 8259 section 7 allows it): one such
 * character makes V8 hold the whole request in two bytes a character, and to turn that into UTF-8 takes thirty times as long.
 * Half a character becomes U+FFFD, as in every UTF-8.
 */
export function jsonInJson(text: string): string {
  if (!NEEDS_ESCAPE.test(text)) return text;
  const whole = text.toWellFormed();
  if (whole.length * LONGEST_ESCAPE > scratch.length) scratch = Buffer.allocUnsafeSlow(whole.length * LONGEST_ESCAPE);
  const out = scratch;
  let at = 0;
  for (let index = 0; index < whole.length; index += 1) {
    const unit = whole.charCodeAt(index);
    const letter = unit > 0xff ? NO_SHORT_ESCAPE : SHORT_ESCAPES[unit]!;
    if (letter === 0) {
      out[at++] = unit;
      continue;
    }
    out[at++] = BACKSLASH;
    out[at++] = BACKSLASH;
    if (letter === NO_SHORT_ESCAPE) {
      out[at++] = LETTER_U;
      for (let shift = 12; shift >= 0; shift -= 4) out[at++] = HEX[(unit >> shift) & 15]!;
      continue;
    }
    // Quote and backslash are escaped themselves once more.
    if (letter === QUOTE || letter === BACKSLASH) out[at++] = BACKSLASH;
    out[at++] = letter;
  }
  // Made of bytes, the text is sure to be held in one byte a character, which a slice of a wide text is not.
  return out.toString('latin1', 0, at);
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters that JSON escapes
const NEEDS_ESCAPE = /["\\\u0000-\u001f\u0100-\uffff]/;
const LONGEST_ESCAPE = '\\\\u0000'.length;
const BACKSLASH = 0x5c;
const QUOTE = 0x22;
const LETTER_U = 0x75;
const HEX = Buffer.from('0123456789abcdef');

/** 0 for a character that stays, else the letter of its short escape, or 1 for one that has none. */
const SHORT_ESCAPES = new Uint8Array(256);
const NO_SHORT_ESCAPE = 1;
SHORT_ESCAPES.fill(NO_SHORT_ESCAPE, 0, 0x20);
for (const [character, letter] of Object.entries({
  '\b': 'b',
  '\t': 't',
  '\n': 'n',
  '\f': 'f',
  '\r': 'r',
  '"': '"',
  '\\': '\\',
})) {
  SHORT_ESCAPES[character.charCodeAt(0)] = letter.charCodeAt(0);
}

/** Used between two lines of one call and never kept. */
let scratch = Buffer.allocUnsafeSlow(16 * 1024);
