/**
 * How an execution came in, with the prefix that its public id carries (spec 6.3). An `audience` execution becomes many of
 * the kind `batch`, which hold its messages.
 */
export const EXECUTION_PREFIXES = { unitary: 'UMA', highthroughput: 'HUMA', audience: 'CMA', batch: 'BMA' } as const;
export type Endpoint = keyof typeof EXECUTION_PREFIXES;

const POOL_BYTES = 4096;
let pool = new Uint8Array(0);
let used = 0;
const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

function randomBytes(count: number): Uint8Array {
  if (used + count > pool.length) {
    pool = crypto.getRandomValues(new Uint8Array(POOL_BYTES));
    used = 0;
  }
  used += count;
  return pool.subarray(used - count, used);
}

/**
 * A UUID version 7 (RFC 9562 5.7): 48 bits of milliseconds, then 74 random bits. Ledger rows are partitioned by day on it,
 * so the time inside an id decides where its row lives.
 */
export function uuidv7(nowMs: number = Date.now()): string {
  const time = nowMs.toString(16).padStart(12, '0');
  const random = randomBytes(10);
  let tail = HEX[(random[0]! & 0x0f) | 0x70]! + HEX[random[1]!]!;
  tail += `-${HEX[(random[2]! & 0x3f) | 0x80]!}${HEX[random[3]!]!}-`;
  for (let i = 4; i < 10; i++) tail += HEX[random[i]!]!;
  return `${time.slice(0, 8)}-${time.slice(8)}-${tail}`;
}

/** The smallest version 7 id of an instant: a partition bound. */
export function uuidv7Floor(atMs: number): string {
  const time = atMs.toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-0000-0000-000000000000`;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

export function isUuid(text: string): boolean {
  return UUID.test(text);
}

/** Public id of an execution, for example `UMA-018f...`. */
export function executionIdText(endpoint: Endpoint, uuid: string): string {
  return `${EXECUTION_PREFIXES[endpoint]}-${uuid}`;
}

/** The uuid inside a public execution id, or undefined when it is not one. */
export function parseExecutionId(text: string): string | undefined {
  const match = /^(?:UMA|HUMA|CMA|BMA)-(.{36})$/.exec(text);
  return match && isUuid(match[1]!) ? match[1] : undefined;
}
