import { writeFileSync } from 'node:fs';

/** The execution id without its prefix, as text. */
const ID_LENGTH = 36;
export const MOST_CALLS = 6_000_000;

/** The load's own account of a call: when it was due, when it was answered, how, and with which execution. */
export type CallBook = {
  readonly count: number;
  add(dueAt: number): number;
  answered(call: number, at: number, status: number, answer: Buffer): void;
  save(path: string): void;
};

/** Arrays by call, allocated once and touched as they are used. */
export function createCallBook(): CallBook {
  const dueAt = new Float64Array(MOST_CALLS);
  const answeredAt = new Float64Array(MOST_CALLS);
  const statuses = new Uint16Array(MOST_CALLS);
  const ids = Buffer.from(new ArrayBuffer(MOST_CALLS * ID_LENGTH));
  let count = 0;
  return {
    get count() {
      return count;
    },
    add(due) {
      if (count === MOST_CALLS) throw new Error(`a run has at most ${MOST_CALLS} calls`);
      dueAt[count] = due;
      return count++;
    },
    answered(call, at, status, answer) {
      answeredAt[call] = at;
      statuses[call] = status;
      if (status !== 202) return;
      const idAt = answer.indexOf('"executionId":"') + 15;
      const start = answer.indexOf(0x2d, idAt) + 1;
      answer.copy(ids, call * ID_LENGTH, start, start + ID_LENGTH);
    },
    save(path) {
      writeFileSync(
        path,
        Buffer.concat([
          Buffer.from(dueAt.buffer, 0, count * 8),
          Buffer.from(answeredAt.buffer, 0, count * 8),
          Buffer.from(statuses.buffer, 0, count * 2),
          ids.subarray(0, count * ID_LENGTH),
        ]),
      );
    },
  };
}

export type SavedCalls = {
  count: number;
  dueAt: Float64Array;
  answeredAt: Float64Array;
  statuses: Uint16Array;
  executionId(call: number): string;
};

/** What `save` wrote. */
export function readCallBook(file: Buffer): SavedCalls {
  const count = file.length / (8 + 8 + 2 + ID_LENGTH);
  const bytes = new Uint8Array(file).buffer;
  const ids = Buffer.from(bytes, 18 * count);
  return {
    count,
    dueAt: new Float64Array(bytes, 0, count),
    answeredAt: new Float64Array(bytes, 8 * count, count),
    statuses: new Uint16Array(bytes, 16 * count, count),
    executionId: (call) => ids.toString('latin1', call * ID_LENGTH, (call + 1) * ID_LENGTH),
  };
}
