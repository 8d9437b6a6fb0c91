/**
 * A phone number in E.164 form (ITU-T E.164: + and 8 to 15 digits, no leading zero), or undefined.
 * Spaces, dots, dashes and brackets are dropped; `00` counts as `+`; a number without a country code cannot be guessed.
 */
export function parsePhoneNumber(raw: string): string | undefined {
  if (raw.length > 40 || /[^\d\s().+-]/.test(raw)) return undefined;
  const compact = raw.replace(/[\s().-]/g, '').replace(/^00/, '+');
  return /^\+[1-9]\d{7,14}$/.test(compact) ? compact : undefined;
}
