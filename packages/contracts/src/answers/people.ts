import { z } from 'zod';
import { answerInstant } from './message.ts';

/** A profile: who it is, and everything that is stored of it. */
export const profileAnswer = z
  .object({
    profileId: z.uuid(),
    identities: z.array(z.object({ namespace: z.string(), value: z.string() })),
    attributes: z.looseObject({}),
    consents: z.looseObject({}),
    timeZone: z.string().nullable(),
    language: z.string().nullable(),
    pushTokens: z.array(z.looseObject({ appID: z.string(), platform: z.string(), token: z.string() })),
    createdAt: answerInstant,
    modifiedAt: answerInstant,
  })
  .meta({ id: 'Profile' });

/** What a write answers: the profile, and those that turned out to be the same person and are now part of it. */
export const writtenProfile = z.object({
  ...profileAnswer.shape,
  mergedProfileIds: z.array(z.uuid()).optional(),
});

/** A page of a list that is read in the order of ids: `next` is the `start` of the following page, null on the last. */
export const keysetPage = z.object({ count: z.int(), next: z.uuid().nullable() });
export const profilePage = z.object({ data: z.array(profileAnswer), _page: keysetPage });

export const peopleSettings = z
  .object({
    consentMode: z.enum(['opt-out', 'opt-in']),
    consentBases: z.array(z.string()),
    emailAddressField: z.string().nullable(),
    phoneNumberField: z.string().nullable(),
  })
  .meta({ id: 'PeopleSettings' });

export const nothing = z.strictObject({}).describe('An empty object');

/** How an audience execution stands (reference messaging.yaml), with what we know beyond that. */
export const audienceStatus = z
  .object({
    executionId: z.string(),
    campaignId: z.uuid(),
    audienceId: z.uuid(),
    status: z.enum(['Succeeded', 'InProgress', 'Failed']),
    targetedProfileCount: z.int().describe('Members that became messages so far'),
    createdAt: answerInstant,
    startedAt: answerInstant.optional(),
    finishedAt: answerInstant.optional(),
    withoutIdentityCount: z.int().describe("Members without an identity in the campaign's namespace"),
    leftOverCount: z.int().describe("Members for whom the time of the campaign's rate was up"),
    failureCode: z.string().optional(),
    failureReason: z.string().optional(),
  })
  .meta({ id: 'AudienceExecutionStatus' });

export const scheduleAnswer = z
  .object({
    scheduleId: z.uuid(),
    scheduleStatus: z.enum(['Scheduled', 'Triggered']),
    audience: z.object({ id: z.uuid() }),
    campaignId: z.uuid(),
    executeAt: answerInstant,
    executionDetails: audienceStatus.optional(),
  })
  .meta({ id: 'ScheduledExecution' });

export const audienceAnswer = z
  .object({
    audienceId: z.uuid(),
    name: z.string(),
    description: z.string(),
    kind: z.enum(['list', 'rule']),
    rule: z.unknown().optional(),
    createdAt: answerInstant,
    createdBy: z.string(),
    modifiedAt: answerInstant,
  })
  .meta({ id: 'Audience' });
export const audiencePage = z.object({ data: z.array(audienceAnswer), _page: keysetPage });
export const memberPage = z.object({ data: z.array(z.object({ profileId: z.uuid() })), _page: keysetPage });
export const membersChanged = z.object({ added: z.int(), removed: z.int() });
export const audienceCount = z.object({ count: z.int() });
export const audiencePreview = z.object({ count: z.int(), sample: z.array(profileAnswer) });

const importMembers = {
  importId: z.uuid(),
  kind: z.enum(['profiles', 'members']),
  format: z.enum(['csv', 'ndjson']),
  mode: z.enum(['merge', 'replace']),
  audienceId: z.uuid().nullable(),
  fileName: z.string(),
  status: z.enum(['ACCEPTED', 'PROCESSING', 'COMPLETE', 'ERROR']),
  failureCode: z.string().nullable(),
  failureDetail: z.string().nullable(),
  rowsDone: z.int(),
  createdCount: z.int(),
  updatedCount: z.int(),
  mergedCount: z.int(),
  failedCount: z.int(),
  rowsPerSecond: z.int().nullable(),
  createdAt: answerInstant,
  startedAt: answerInstant.nullable(),
  finishedAt: answerInstant.nullable(),
};
export const importAnswer = z.object(importMembers).meta({ id: 'Import' });
export const importDetail = z
  .object({
    ...importMembers,
    failedRows: z
      .array(z.object({ line: z.int(), code: z.string(), reason: z.string() }))
      .describe('The first bad rows; failedCount counts all of them'),
  })
  .meta({ id: 'ImportDetail' });
export const importPage = z.object({ data: z.array(importAnswer), _page: keysetPage });
