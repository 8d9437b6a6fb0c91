import type { Channel } from '@outrigger/core';
import { type PeopleSettings, type Pool, readPeopleSettings } from '@outrigger/store';

/** A change reaches every message within this. */
const FRESH_MS = 1_000;
const MAX_KEPT = 10_000;

/** How a sandbox treats people, kept in memory for a second. */
export type LoadPeopleSettings = (tenantId: number) => Promise<PeopleSettings>;

export function createPeopleSettings(pool: Pool): LoadPeopleSettings {
  const kept = new Map<number, { at: number; settings: Promise<PeopleSettings> }>();
  return function loadPeopleSettings(tenantId) {
    const known = kept.get(tenantId);
    if (known && performance.now() - known.at < FRESH_MS) return known.settings;
    const settings = readPeopleSettings(pool, tenantId);
    settings.catch(() => kept.delete(tenantId));
    if (kept.size >= MAX_KEPT) kept.clear();
    kept.set(tenantId, { at: performance.now(), settings });
    return settings;
  };
}

/** The sandbox's field for the addresses of a channel (spec 7.2, level 3); push has tokens instead. */
export function workspaceFieldOf(channel: Channel, settings: PeopleSettings): { workspaceField?: string } {
  const field = { email: settings.emailAddressField, sms: settings.phoneNumberField, push: null }[channel];
  return field === null ? {} : { workspaceField: field };
}
