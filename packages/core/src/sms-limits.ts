/** Characters of a text by its kind (spec 4.2), counted in UTF-16 units as phone networks do. An RCS message has a text to fall back on. */
export const SMS_LIMIT = { sms: 1_500, mms: 1_600, rcs: 1_500 } as const;
export const RCS_TEXT_LIMIT = 3_072;
/** An RCS message of text alone that is no longer is a basic one; everything else is a single rich one. */
export const RCS_BASIC_LIMIT = 160;
const LONGEST_URI = 2_000;

/** Why an address cannot be fetched by a network or opened by a phone, or undefined. */
export function httpsProblem(text: string): string | undefined {
  if (text.length > LONGEST_URI) return `is over ${LONGEST_URI} characters`;
  if (!/^https:\/\/[^\s/?#@]+([/?#]\S*)?$/.test(text) || !URL.canParse(text)) return 'is no https:// address';
  return undefined;
}
