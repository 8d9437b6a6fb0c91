import { type ChannelPort, type ConsentRule, consentGate, type Outcome } from '@outrigger/core';
import type { PeopleSettings } from '@outrigger/store';
import type { Resolved } from './step.ts';

/**
 * Asks the consents of a person for each address of a message (spec 10.1 to 10.3). Transactional messages are not asked about.
 * Addresses without consent are left out; without any the message is excluded.
 */
export function consentedTo<Settings, Target, Message>(
  resolved: Resolved<Settings, Target>,
  channel: ChannelPort<Settings, Target, Message>,
  settings: PeopleSettings,
): { go: Resolved<Settings, Target> } | { stop: Outcome } {
  if (resolved.version.definition.category !== 'marketing') return { go: resolved };
  const rule = ruleOf(resolved, settings);
  let refused: Outcome | undefined;
  const targets = resolved.targets.filter((target) => {
    const verdict = consentGate(channel.channel, resolved.consents, channel.consentAddress(target), rule);
    if ('pass' in verdict) return true;
    refused ??= { state: 'excluded', code: verdict.excluded, detail: verdict.detail };
    return false;
  });
  return targets.length > 0 || !refused ? { go: { ...resolved, targets } } : { stop: refused };
}

/** A configuration's own rule replaces the sandbox's (spec 10.2, consent policies). */
function ruleOf<Settings, Target>({ version }: Resolved<Settings, Target>, settings: PeopleSettings): ConsentRule {
  const { consent_mode: own } = version.settings as { consent_mode?: ConsentRule['mode'] };
  return { mode: own ?? settings.consentMode, bases: settings.consentBases };
}
