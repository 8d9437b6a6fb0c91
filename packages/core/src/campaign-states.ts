/** The statuses a campaign is stored in (spec 5.1). */
export const CAMPAIGN_STATUSES = [
  'DRAFT',
  'IN_REVIEW',
  'SCHEDULED',
  'LIVE',
  'STOPPED',
  'COMPLETED',
  'ARCHIVED',
  'DELETED',
] as const;
export type CampaignStatus = (typeof CAMPAIGN_STATUSES)[number];

/**
 * Statuses of the compatible API that nobody ever sees here: activating and stopping are one transaction each, and nothing that
 * runs in the background can fail a campaign. A filter may name them; it finds nothing.
 */
export const UNSEEN_STATUSES = ['ACTIVATING', 'PROCESSING', 'STOPPING', 'FAILED'] as const;

/** How long an archived campaign is kept after its last change (spec 5.1). */
export const ARCHIVE_DAYS = 30;

/**
 * Every legal change of a campaign's status, by name (spec 5.2). The ledger's statements take their `from` from here, and
 * docs/campaigns.md is drawn from it.
 */
export const CAMPAIGN_TRANSITIONS = {
  create: { from: [], to: 'DRAFT', by: 'author: a new campaign' },
  duplicate: { from: [], to: 'DRAFT', by: 'author: a copy of a campaign in any status' },
  request_review: { from: ['DRAFT'], to: 'IN_REVIEW', by: 'author: read-only until it is decided' },
  cancel_review: { from: ['IN_REVIEW'], to: 'DRAFT', by: 'the one who asked for the review' },
  request_changes: { from: ['IN_REVIEW'], to: 'DRAFT', by: 'reviewer, with a message' },
  activate: { from: ['DRAFT'], to: 'LIVE', by: 'author: no errors, no start date ahead' },
  activate_later: { from: ['DRAFT'], to: 'SCHEDULED', by: 'author: no errors, a start date ahead' },
  approve: { from: ['IN_REVIEW'], to: 'LIVE', by: 'reviewer: as activate' },
  approve_later: { from: ['IN_REVIEW'], to: 'SCHEDULED', by: 'reviewer: as activate_later' },
  replace: { from: ['LIVE'], to: 'LIVE', by: 'author: activates the draft beside the live version' },
  replace_later: {
    from: ['SCHEDULED'],
    to: 'SCHEDULED',
    by: 'author: activates the draft beside the scheduled version',
  },
  start_now: { from: ['SCHEDULED'], to: 'LIVE', by: 'author: activates a draft that has no start date ahead' },
  start: { from: ['SCHEDULED'], to: 'LIVE', by: 'janitor: the start date has come' },
  complete: { from: ['LIVE', 'SCHEDULED'], to: 'COMPLETED', by: 'janitor: the end date has passed' },
  stop: { from: ['LIVE', 'SCHEDULED'], to: 'STOPPED', by: 'author: final' },
  archive: { from: ['STOPPED', 'COMPLETED'], to: 'ARCHIVED', by: 'author: leaves the default list' },
  delete: { from: ['DRAFT'], to: 'DELETED', by: 'author: drafts that were never live' },
  purge: { from: ['ARCHIVED'], to: 'DELETED', by: 'janitor: 30 days after the last change' },
} as const satisfies Record<string, { from: readonly CampaignStatus[]; to: CampaignStatus; by: string }>;
export type CampaignTransition = keyof typeof CAMPAIGN_TRANSITIONS;

/** Statuses in which there is a version that serves or will serve. */
export const ACTIVE_STATUSES = ['SCHEDULED', 'LIVE'] as const satisfies readonly CampaignStatus[];
/** Statuses in which the working copy may be written. */
export const EDITABLE_STATUSES = ['DRAFT', 'SCHEDULED', 'LIVE'] as const satisfies readonly CampaignStatus[];

/** The statuses a transition starts from, for a statement's `status = ANY(...)`. */
export function campaignsFrom(...names: CampaignTransition[]): CampaignStatus[] {
  return [...new Set(names.flatMap((name) => CAMPAIGN_TRANSITIONS[name].from as readonly CampaignStatus[]))];
}

/** The transition that activating a campaign in this status is, or undefined where it cannot be activated. */
export function activationOf(status: CampaignStatus, startsLater: boolean): CampaignTransition | undefined {
  switch (status) {
    case 'DRAFT':
      return startsLater ? 'activate_later' : 'activate';
    case 'IN_REVIEW':
      return startsLater ? 'approve_later' : 'approve';
    case 'SCHEDULED':
      return startsLater ? 'replace_later' : 'start_now';
    case 'LIVE':
      return startsLater ? undefined : 'replace';
    default:
      return undefined;
  }
}

/** What a person may ask for, and what it takes: the statuses, and whether there must be a working copy. */
export const CAMPAIGN_ACTIONS = {
  MODIFY: { from: EDITABLE_STATUSES },
  CREATE_DRAFT: { from: ACTIVE_STATUSES, draft: 'absent' },
  DISCARD_DRAFT: { from: ACTIVE_STATUSES, draft: 'present' },
  PUBLISH: { from: campaignsFrom('activate', 'replace', 'start_now'), draft: 'present' },
  REQUEST_APPROVAL: { from: campaignsFrom('request_review') },
  CANCEL_APPROVAL: { from: campaignsFrom('cancel_review') },
  REQUEST_CHANGES: { from: campaignsFrom('request_changes') },
  APPROVE: { from: campaignsFrom('approve') },
  STOP: { from: campaignsFrom('stop') },
  DUPLICATE: { from: CAMPAIGN_STATUSES.filter((status) => status !== 'DELETED') },
  ARCHIVE: { from: campaignsFrom('archive') },
  DELETE: { from: campaignsFrom('delete') },
  EDIT_TAGS: { from: CAMPAIGN_STATUSES.filter((status) => status !== 'DELETED') },
} as const satisfies Record<string, { from: readonly CampaignStatus[]; draft?: 'present' | 'absent' }>;
export type CampaignAction = keyof typeof CAMPAIGN_ACTIONS;

/** Whether a campaign in this status, with or without a working copy, allows the action. */
export function isActionPossible(action: CampaignAction, status: CampaignStatus, hasDraft: boolean): boolean {
  const { from, draft }: { from: readonly CampaignStatus[]; draft?: 'present' | 'absent' } = CAMPAIGN_ACTIONS[action];
  return from.includes(status) && (draft === undefined || (draft === 'present') === hasDraft);
}
