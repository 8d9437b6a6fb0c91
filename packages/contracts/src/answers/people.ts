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
