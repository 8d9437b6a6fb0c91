import type { Treatment } from '@outrigger/core';
import type { ChannelPackage } from './index.ts';

/** One content that people may get: of a treatment that is no holdout, or the action's own. */
export type Variant = {
  variantId: string;
  /** Of the treatment. */
  name?: string;
  /** Whether it differs from what the action itself has. */
  own: boolean;
  action: ChannelPackage;
};

/** What an action may send: one variant a treatment, or just one without an experiment. */
export function variantsOf(action: ChannelPackage): Variant[] {
  if (!action.experiment) return [{ variantId: action.packageId ?? '', own: false, action }];
  return treatmentsOf(action).flatMap(({ treatmentId, name, holdout, content }) => {
    if (holdout) return [];
    // The content was read by the schema of the action's own channel.
    const changed = content ? ({ ...action, content } as ChannelPackage) : action;
    return [{ variantId: treatmentId, name, own: content !== null, action: changed }];
  });
}

export type AuthoredTreatment = Treatment & { content: ChannelPackage['content'] | null };

/** The arms of an action's experiment, holdouts too. */
export function treatmentsOf(action: ChannelPackage): AuthoredTreatment[] {
  return (action.experiment?.treatments ?? []).map(({ treatmentId, name, percentage, isHoldout, content }, place) => ({
    treatmentId: treatmentId ?? String(place + 1),
    name,
    percentage,
    holdout: isHoldout,
    content: content ?? null,
  }));
}
