/**
 * Why a message did not go out, went out late, or may have gone out. Codes are stable: never renamed, never reused.
 * Exclusion codes and names (050...) are the published ones (spec section 17.2); the others are ours, by family:
 * `transient.*` is retried, `permanent.*` never, `ambiguous.*` means the outcome cannot be known,
 * `bug.*` is our fault, `policy.*` is a decision of the account's owner.
 */
export const EXCLUSION_CODES = {
  '050018': 'ExperimentationHoldoutExclusion',
  '050020': 'EmailNoAddressFoundInProfile',
  '050021': 'EmailNoAddressDefinedInPreset',
  '050024': 'EmailMalformedAddress',
  '050030': 'PushNoTokenFoundInProfile',
  '050031': 'PushNoValidTokenFoundForApps',
  '050033': 'PushNoApplicationDefinedInPreset',
  '050034': 'PushMalformedProfile',
  '050083': 'AttachmentResolutionFailed',
  '050101': 'EmailNoConsent',
  '050102': 'EmailSuppressed',
  '050103': 'EmailNotAllowed',
  '050104': 'SMSNoConsent',
  '050105': 'DomainSuppressed',
  '050106': 'DomainNotAllowed',
  '050109': 'PersonalizedDomainNotValid',
  '050111': 'PushNoConsent',
  '050152': 'SMSFromNumberNotDefinedInPreset',
  '050153': 'SMSNoToNumberDefinedInProfile',
  'policy.sender_missing': 'The channel configuration asks for a Sender header, and this person has none.',
} as const;
export type ExclusionCode = keyof typeof EXCLUSION_CODES;

export const FAILURE_CODES = {
  '050301': 'RuntimeDispatchError',
  '050302': 'RuntimeRenderingError',
  'permanent.recipient': 'The provider refuses this recipient for good.',
  'permanent.content': 'The provider refuses this content for good.',
  'permanent.configuration': 'The provider refuses our account or configuration; no message of it can go out.',
  'permanent.attempts_exhausted': 'Every allowed attempt was refused; the last refusal is in the detail.',
  'bug.poison': 'The message was picked up several times and never got an outcome.',
} as const;
export type FailureCode = keyof typeof FAILURE_CODES;

export const DEFERRAL_CODES = {
  'transient.throttled': 'The provider asks us to slow down. Costs no attempt.',
  'transient.unavailable': 'The provider could not be reached, so it cannot have taken the message.',
  'transient.refused': 'The provider refused for now.',
  'transient.configuration': 'The account is paused, over quota or misconfigured; its messages wait. Costs no attempt.',
  'transient.attachment': 'A file of the message cannot be read now. Costs no attempt.',
  'policy.paused': 'A brake holds the message until it is released. Costs no attempt.',
} as const;
export type DeferralCode = keyof typeof DEFERRAL_CODES;

export const UNKNOWN_CODES = {
  'ambiguous.timeout': 'No answer before the deadline; the provider may have taken the message.',
  'ambiguous.connection_lost': 'The connection broke after the request went out.',
  'ambiguous.response': 'The provider answered something that says neither yes nor no.',
  'ambiguous.worker_lost': 'The worker died between the call and its record.',
} as const;
export type UnknownCode = keyof typeof UNKNOWN_CODES;

export const END_CODES = {
  'expired.deadline': 'The message was not delivered before its deadline.',
  'canceled.campaign_stopped': 'The campaign was stopped before the message was handed over.',
  'canceled.by_operator': 'A brake with the action cancel was in force.',
  'expired.given_up': 'A person gave the dead letter up.',
} as const;
export type EndCode = keyof typeof END_CODES;

export type OutcomeCode = ExclusionCode | FailureCode | DeferralCode | UnknownCode | EndCode;

/** The code's published name (exclusions) or its meaning in a sentence. */
export function describeCode(code: OutcomeCode): string {
  const table: Record<string, string> = {
    ...EXCLUSION_CODES,
    ...FAILURE_CODES,
    ...DEFERRAL_CODES,
    ...UNKNOWN_CODES,
    ...END_CODES,
  };
  return table[code] ?? code;
}
