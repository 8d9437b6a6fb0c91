/**
 * Every message of a run has a number, and shows it wherever a person's own data would stand: in the address, the order, the
 * token. Eight digits, so that a call has the same length whatever its numbers are. The provider counts by it.
 */
export const NUMBER_DIGITS = 8;
export const ADDRESS_PREFIX = 'to';
export const ADDRESS_DOMAIN = 'bench.example';
/** What stands before the number in a phone number: a Swedish mobile prefix, so that the whole is E.164. */
export const PHONE_PREFIX = '4670';
export const ORDER_PREFIX = 'NL-';

/** Where the number of the call's `place`th recipient goes in a body; as long as the number itself. */
export function numberSlot(place: number): string {
  return `ZZZZ${String(place).padStart(4, '0')}`;
}
export const SLOT = /ZZZZ(\d{4})/g;

/** Where the call's own number goes. */
export const CALL_SLOT = 'YYYYYYYY';

/** Writes a number's eight digits without making a string. */
export function writeNumber(into: Buffer, offset: number, number: number): void {
  let rest = number;
  for (let at = offset + NUMBER_DIGITS - 1; at >= offset; at--) {
    into[at] = 48 + (rest % 10);
    rest = Math.floor(rest / 10);
  }
}

/** Reads eight digits; -1 when there is anything else. */
export function readNumber(from: Buffer, offset: number): number {
  let number = 0;
  for (let at = offset; at < offset + NUMBER_DIGITS; at++) {
    const digit = from[at]! - 48;
    if (!(digit >= 0 && digit <= 9)) return -1;
    number = number * 10 + digit;
  }
  return number;
}
