/**
 * How many parts a text is cut into on the phone network, which is what a carrier charges for.
 * Source: 3GPP TS 23.038 (alphabets, section 6.2.1) and TS 23.040 (9.2.3.24.1: a part of several carries 6 octets of
 * header, which leaves 153 GSM characters or 67 UCS-2 units).
 */
export type SmsSegments = {
  encoding: 'gsm-7' | 'ucs-2';
  /** Septets (an extension character is two) or UTF-16 units (an emoji is two or more). */
  units: number;
  segments: number;
};

const GSM_BASIC = new Set(
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà',
);
const GSM_EXTENSION = new Set('\f^{}\\[~]|€');

const LIMITS = {
  'gsm-7': { single: 160, part: 153 },
  'ucs-2': { single: 70, part: 67 },
} as const;

/** Counts the parts of a text as it stands: personalised text is counted after rendering. */
export function smsSegments(text: string): SmsSegments {
  const characters = [...text];
  const encoding = characters.every((c) => GSM_BASIC.has(c) || GSM_EXTENSION.has(c)) ? 'gsm-7' : 'ucs-2';
  const costs = characters.map((c) => (encoding === 'ucs-2' ? c.length : GSM_EXTENSION.has(c) ? 2 : 1));
  const units = costs.reduce((sum, cost) => sum + cost, 0);
  const { single, part } = LIMITS[encoding];
  return { encoding, units, segments: units <= single ? Math.min(units, 1) : countParts(costs, part) };
}

/** A character is never cut in two (an escape pair, a surrogate pair), so a part may stay one unit short. */
function countParts(costs: number[], partSize: number): number {
  let parts = 1;
  let used = 0;
  for (const cost of costs) {
    if (used + cost > partSize) {
      parts += 1;
      used = 0;
    }
    used += cost;
  }
  return parts;
}
