import type { Channel } from './channel.ts';
import type { ExclusionCode } from './codes.ts';
import type { ConsentAddress, Consents } from './consent.ts';

/**
 * What counts as consent in a sandbox (spec 10.2). `opt-out`: everything but a no, silence included. `opt-in`: only a yes, or
 * one of the legal bases that the sandbox names.
 */
export type ConsentRule = { mode: 'opt-out' | 'opt-in'; bases: readonly string[] };

const NO_CONSENT = { email: '050101', sms: '050104', push: '050111' } as const satisfies Record<Channel, ExclusionCode>;

/**
 * Gate, for marketing only: the general choice (`any`) wins over the channel's, which wins over the one for the address used
 * (spec 10.2). A no at any of the three levels keeps the message from going; a yes further down never lifts a no further up.
 */
export function consentGate(
  channel: Channel,
  consents: Consents,
  address: ConsentAddress | undefined,
  rule: ConsentRule,
): { excluded: ExclusionCode; detail: string } | { pass: true } {
  const levels: [level: string, value: string | undefined][] = [
    ['marketing.any', consents.marketing?.any?.val],
    [`marketing.${channel}`, consents.marketing?.[channel]?.val],
    // Named without the address: details are shown where personal data is not.
    ['idSpecific', address && choiceFor(consents, address, channel)],
  ];
  const refused = levels.find(([, value]) => value === 'n');
  if (refused) return { excluded: NO_CONSENT[channel], detail: `consents.${refused[0]} is n` };
  if (rule.mode === 'opt-out') return { pass: true };
  const given = levels.some(([, value]) => value === 'y' || (value !== undefined && rule.bases.includes(value)));
  return given ? { pass: true } : { excluded: NO_CONSENT[channel], detail: 'opt-in: no level of consents says y' };
}

function choiceFor(consents: Consents, { namespace, address }: ConsentAddress, channel: Channel): string | undefined {
  const byAddress = own(consents.idSpecific, namespace);
  return own(byAddress, address)?.marketing?.[channel]?.val;
}

/** Addresses come from callers: only what was stored under the name is found, never what every object has. */
function own<Value>(record: { [name: string]: Value } | undefined, name: string): Value | undefined {
  return record && Object.hasOwn(record, name) ? record[name] : undefined;
}
