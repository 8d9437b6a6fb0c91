/**
 * How an execution came in, with the prefix that its public id carries (spec 6.3). An `audience` execution becomes many of
 * the kind `batch`, which hold its messages.
 */
export const EXECUTION_PREFIXES = {
  unitary: 'UMA',
  highthroughput: 'HUMA',
  audience: 'CMA',
  batch: 'BMA',
  proof: 'PMA',
  /** What answers a text that came in. */
  reply: 'RMA',
  /** Copies for an archive, and those that go to seed addresses. */
  copy: 'XMA',
} as const;
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
  const match = /^(?:UMA|HUMA|CMA|BMA|PMA|RMA|XMA)-(.{36})$/.exec(text);
  return match && isUuid(match[1]!) ? match[1] : undefined;
}

/** Places of a bundle, and so the most messages of one call; an execution's place is this and that of its first message. */
const BUNDLE_PLACES = 2_048;
const PLACES = Array.from({ length: 2 * BUNDLE_PLACES }, (_, place) => place.toString(16).padStart(3, '0'));

/**
 * A new bundle: the calls of one tenant and lane that are written together. Ids in it differ from the bundle's own in the 12 bits
 * after the version alone (free to use, RFC 9562 section 5.7), so an id says which row has its message or execution. The ids of
 * a bundle can be told from one another: they name things, and never open them.
 */
export function newBundleId(nowMs: number = Date.now()): string {
  const id = uuidv7(nowMs);
  return `${id.slice(0, 15)}000${id.slice(18)}`;
}

export function bundleOf(id: string): string {
  return `${id.slice(0, 15)}000${id.slice(18)}`;
}

export function messageIdIn(bundleId: string, place: number): string {
  return bundleId.slice(0, 15) + PLACES[place]! + bundleId.slice(18);
}

export function executionIdIn(bundleId: string, firstPlace: number): string {
  return bundleId.slice(0, 15) + PLACES[BUNDLE_PLACES + firstPlace]! + bundleId.slice(18);
}

/** The place of a message, or of an execution's first message, in its bundle. */
export function placeOf(id: string): number {
  return Number.parseInt(id.slice(15, 18), 16) % BUNDLE_PLACES;
}

/** Whether the id can be one of an execution; that of a message has another form. */
export function isExecutionId(id: string): boolean {
  return Number.parseInt(id.slice(15, 18), 16) >= BUNDLE_PLACES;
}

export type AllocatedIds = { executionId: string; messageIds: string[]; acceptedAt: Date };

/**
 * Makes the ids of calls. Those of one `key` (tenant and lane) share a bundle until it holds `perBundle` messages or is closed:
 * close it when its calls are about to be written, so that the next ones get a bundle, and a time, of their own.
 */
export function createIdAllocator(perBundle: number) {
  type Open = { bundleId: string; acceptedAt: Date; used: number };
  const open = new Map<string, Open>();

  return {
    take(key: string, messages: number, nowMs: number = Date.now()): AllocatedIds {
      if (messages > BUNDLE_PLACES) throw new Error(`a call has at most ${BUNDLE_PLACES} messages, not ${messages}`);
      let bundle = open.get(key);
      if (!bundle || bundle.used + messages > perBundle) {
        bundle = { bundleId: newBundleId(nowMs), acceptedAt: new Date(nowMs), used: 0 };
        open.set(key, bundle);
      }
      const { bundleId, acceptedAt, used: first } = bundle;
      bundle.used += messages;
      const messageIds: string[] = [];
      for (let place = first; place < bundle.used; place++) messageIds.push(messageIdIn(bundleId, place));
      return { executionId: executionIdIn(bundleId, first), messageIds, acceptedAt };
    },
    close(): void {
      open.clear();
    },
  };
}

export type IdAllocator = ReturnType<typeof createIdAllocator>;
