import { writeFileSync } from 'node:fs';
import { monotonicMs } from '../clock.ts';

/**
 * The provider's own account: how often each message was handed over, and when first. Arrays by number, so that millions cost
 * nine bytes each and no work for the garbage collector.
 */
export type Account = {
  readonly taken: number;
  /** Counts one hand-over and answers the id that the provider gives it: number and how many it was. */
  take(number: number): string;
  save(path: string): void;
};

export const MOST_MESSAGES = 12_000_000;

export function createAccount(): Account {
  // Virtual memory only until it is written to.
  const times = new Uint8Array(MOST_MESSAGES);
  const firstAt = new Float64Array(MOST_MESSAGES);
  let taken = 0;
  let highest = -1;
  return {
    get taken() {
      return taken;
    },
    take(number) {
      if (!(number >= 0 && number < MOST_MESSAGES)) throw new Error(`no message has the number ${number}`);
      const nth = ++times[number]!;
      if (nth === 1) firstAt[number] = monotonicMs();
      if (number > highest) highest = number;
      taken++;
      return `bench-${number}-${nth}`;
    },
    save(path) {
      const count = highest + 1;
      writeFileSync(path, Buffer.concat([bytesOf(firstAt, count), bytesOf(times, count)]));
    },
  };
}

/** What `save` wrote. */
export function readAccount(file: Buffer): { times: Uint8Array; firstAt: Float64Array } {
  const count = file.length / 9;
  const bytes = new Uint8Array(file).buffer;
  return { firstAt: new Float64Array(bytes, 0, count), times: new Uint8Array(bytes, 8 * count, count) };
}

function bytesOf(array: Float64Array | Uint8Array, count: number): Buffer {
  return Buffer.from(array.buffer, 0, count * array.BYTES_PER_ELEMENT);
}
