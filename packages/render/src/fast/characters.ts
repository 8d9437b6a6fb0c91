/** What some character of a text asks for: an escape in HTML, an escape in JSON, or both. */
export const IN_HTML = 1;
export const IN_JSON = 2;

/** By Latin-1 code. JSON's are those of `jsonInJson`, which also escapes what is beyond. */
const KINDS = new Uint8Array(256).fill(IN_JSON, 0, 0x20);
for (const character of '&<>\'"') KINDS[character.charCodeAt(0)]! |= IN_HTML;
for (const character of '"\\') KINDS[character.charCodeAt(0)]! |= IN_JSON;

/** Longer texts are cheaper to look through with regular expressions. */
const SHORT = 64;
const HTML = /[&<>"']/;

/** One look at a value before it is printed: nearly all are short and need no escape. */
export function escapesOf(text: string): number {
  if (text.length > SHORT) return (HTML.test(text) ? IN_HTML : 0) | IN_JSON;
  let kinds = 0;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    kinds |= unit > 0xff ? IN_JSON : KINDS[unit]!;
  }
  return kinds;
}
