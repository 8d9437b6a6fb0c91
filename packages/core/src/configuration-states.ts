/** Statuses of a channel configuration (spec 3.1). */
export const CONFIGURATION_STATUSES = ['Draft', 'Processing', 'Active', 'Failed', 'Deactivated'] as const;
export type ConfigurationStatus = (typeof CONFIGURATION_STATUSES)[number];

/**
 * Every legal change of a configuration's status. An update of an active one changes no status: it is processed beside the
 * settings in force, which go on serving.
 */
export const CONFIGURATION_TRANSITIONS = {
  create: { from: [], to: 'Draft', by: 'author: may be incomplete' },
  duplicate: { from: [], to: 'Draft', by: 'author: a copy under a new name' },
  submit: { from: ['Draft', 'Failed', 'Processing'], to: 'Processing', by: 'author: the checks begin, or begin again' },
  pass: { from: ['Processing'], to: 'Active', by: 'the checks found nothing' },
  fail: { from: ['Processing'], to: 'Failed', by: 'the checks found a problem' },
  edit: { from: ['Draft', 'Failed'], to: 'Draft', by: 'author' },
  deactivate: { from: ['Active'], to: 'Deactivated', by: 'author: no live or scheduled campaign uses it' },
  reactivate: { from: ['Deactivated'], to: 'Processing', by: 'author: the checks run again' },
} as const satisfies Record<string, { from: readonly ConfigurationStatus[]; to: ConfigurationStatus; by: string }>;
export type ConfigurationTransition = keyof typeof CONFIGURATION_TRANSITIONS;

/** The statuses a transition starts from. */
export function configurationsFrom(name: ConfigurationTransition): ConfigurationStatus[] {
  return [...CONFIGURATION_TRANSITIONS[name].from];
}
