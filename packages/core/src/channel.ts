/** The three ways to reach a person. A new channel is added here first; the compiler then leads to every place it matters. */
export const CHANNELS = ['email', 'sms', 'push'] as const;
export type Channel = (typeof CHANNELS)[number];

/**
 * Traffic classes. They never share a queue or a worker slot:
 * `standard` is transactional, `ht` is high throughput, `bulk` is audience traffic.
 */
export const LANE_CLASSES = ['standard', 'ht', 'bulk'] as const;
export type LaneClass = (typeof LANE_CLASSES)[number];

/** Every lane with its channel and class. SMS has no high-throughput mode (spec section 8). */
export const LANES = {
  email: { channel: 'email', laneClass: 'standard' },
  'email-ht': { channel: 'email', laneClass: 'ht' },
  'email-bulk': { channel: 'email', laneClass: 'bulk' },
  sms: { channel: 'sms', laneClass: 'standard' },
  'sms-bulk': { channel: 'sms', laneClass: 'bulk' },
  push: { channel: 'push', laneClass: 'standard' },
  'push-ht': { channel: 'push', laneClass: 'ht' },
  'push-bulk': { channel: 'push', laneClass: 'bulk' },
} as const satisfies Record<string, { channel: Channel; laneClass: LaneClass }>;

/** A queue with its own workers: channel x class (design section 1). */
export type Lane = keyof typeof LANES;

export const LANE_NAMES = Object.keys(LANES) as Lane[];

/** The lanes that a channel's worker serves. */
export function lanesOf(channel: Channel): Lane[] {
  return LANE_NAMES.filter((lane) => LANES[lane].channel === channel);
}

/** The lane of a channel and class, or undefined where the pair does not exist (SMS has no `ht`). */
export function laneFor(channel: Channel, laneClass: LaneClass): Lane | undefined {
  return LANE_NAMES.find((lane) => LANES[lane].channel === channel && LANES[lane].laneClass === laneClass);
}
