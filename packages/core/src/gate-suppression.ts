import type { ExclusionCode } from './codes.ts';

/** What the lists of a sandbox say of one address and of its domain. */
export type SuppressionFacts = {
  /** On the suppression list: because of a spam complaint alone, or for any other reason. */
  address: 'no' | 'complaint' | 'suppressed';
  domain: boolean;
  /** What the allowed list says, where it is active. `domain_unlisted`: it names domains only, and this is none of them. */
  allowed: 'inactive' | 'listed' | 'unlisted' | 'domain_unlisted';
};

/** How a complaint enters the suppression list (spec 11.1): the one reason that a configuration may lift. */
export const COMPLAINT_REASON = 'Spam Complaint';

/**
 * Gate: a suppressed address or domain gets nothing, transactional or not (spec 11.1); the address says more than its domain,
 * so it is named first. An active allowed list stops everything else that is not on it, and an empty one stops everything
 * (11.2). Being suppressed says more than not being allowed. `liftComplaints` is the switch of a transactional configuration
 * (3.2): it lifts suppressions that a complaint caused, and no others.
 */
export function suppressionGate(
  facts: SuppressionFacts,
  options: { liftComplaints: boolean },
): { excluded: ExclusionCode } | { pass: true } {
  if (facts.address === 'suppressed' || (facts.address === 'complaint' && !options.liftComplaints)) {
    return { excluded: '050102' };
  }
  if (facts.domain) return { excluded: '050105' };
  if (facts.allowed === 'unlisted') return { excluded: '050103' };
  if (facts.allowed === 'domain_unlisted') return { excluded: '050106' };
  return { pass: true };
}
