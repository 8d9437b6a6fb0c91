import type { VersionDefinition } from '@outrigger/contracts';
import type { EmailSettings, Recipient } from '@outrigger/core';
import type { RunningExecution } from '@outrigger/store';

/**
 * The seed addresses of an audience execution (spec 3.2): one copy an address and treatment, rendered for the test profile of the
 * list, with the context that all members share.
 */
export function seedRecipients(
  execution: Pick<RunningExecution, 'executionId' | 'definition' | 'settings'>,
): Recipient[] {
  const { seeds } = execution.settings as Partial<EmailSettings>;
  if (!seeds) return [];
  const { treatments = [] } = execution.definition as unknown as VersionDefinition;
  const shown = treatments.filter(({ holdout }) => !holdout).map(({ treatmentId }) => ({ treatmentId }));
  return (shown.length > 0 ? shown : [{}]).flatMap((copy) =>
    seeds.addresses.map(
      (emailAddress): Recipient => ({
        type: 'external',
        userId: emailAddress,
        namespace: 'email',
        channelData: { emailAddress },
        profile: seeds.profile ?? {},
        audienceExecutionId: execution.executionId,
        copy,
      }),
    ),
  );
}
