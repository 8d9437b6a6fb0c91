import type { AuthoredTreatment, VersionDefinition } from '@outrigger/contracts';
import { chooseTreatment, comparableIdentifier, type JsonObject } from '@outrigger/core';
import { type CompiledContent, type LoadedContent, loadContent } from '@outrigger/render';
import type { CampaignVersion, ClaimedMessage } from '@outrigger/store';
import type { LoadedVersion } from './version-cache.ts';

/** An arm with what it sends; without `content` that is what the version itself has. */
export type LoadedTreatment = Pick<AuthoredTreatment, 'treatmentId' | 'name' | 'percentage' | 'holdout'> & {
  content?: LoadedContent;
  authored: JsonObject | null;
};

/** The arms of a version, ready to render; nothing for a version without an experiment. */
export function loadTreatments(
  version: Pick<CampaignVersion, 'definition' | 'compiled'>,
): Pick<LoadedVersion<unknown>, 'treatments'> {
  const { treatments = [] } = version.definition as unknown as VersionDefinition;
  const { treatments: compiled = {} } = version.compiled as { treatments?: Record<string, CompiledContent> };
  const [first, ...others] = treatments.map(({ content, ...treatment }): LoadedTreatment => {
    const own = compiled[treatment.treatmentId];
    return { ...treatment, authored: content as JsonObject | null, ...(own && { content: loadContent(own) }) };
  });
  return first ? { treatments: [first, ...others] } : {};
}

/** What a message is made of: the content of the version, or of the person's arm; or that the arm gets nothing. */
export function contentFor<Settings>(
  { content, definition, treatments }: LoadedVersion<Settings>,
  { campaignId, recipient }: Pick<ClaimedMessage, 'campaignId' | 'recipient'>,
): { content: LoadedContent; authored: JsonObject } | { heldOut: string } {
  const base = { content, authored: definition.content as unknown as JsonObject };
  if (!treatments) return base;
  const person = `${recipient.namespace.toLowerCase()} ${comparableIdentifier(recipient.namespace, recipient.userId)}`;
  const shown = treatments.find(({ treatmentId }) => treatmentId === recipient.copy?.treatmentId);
  const chosen = shown ?? chooseTreatment(treatments, campaignId, person);
  if (chosen.holdout) return { heldOut: chosen.name };
  return { content: chosen.content ?? content, authored: chosen.authored ?? base.authored };
}
