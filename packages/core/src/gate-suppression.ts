import type { ExclusionCode } from './codes.ts';

/** What the suppression list says of one address and of its domain. */
export type SuppressionFacts = { address: boolean; domain: boolean };

/** Gate: a suppressed address or domain gets nothing, transactional or not (spec 11.1). The address wins over the domain. */
export function suppressionGate(facts: SuppressionFacts): { excluded: ExclusionCode } | { pass: true } {
  if (facts.address) return { excluded: '050102' };
  if (facts.domain) return { excluded: '050105' };
  return { pass: true };
}
