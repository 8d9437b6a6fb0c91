import type { Profile } from '@outrigger/store';

/** A profile as the API shows it. */
export function profileBody(profile: Profile) {
  return {
    profileId: profile.profileId,
    identities: profile.identities,
    attributes: profile.attributes,
    consents: profile.consents,
    timeZone: profile.timeZone,
    language: profile.language,
    pushTokens: profile.pushTokens,
    createdAt: profile.createdAt.toISOString(),
    modifiedAt: profile.modifiedAt.toISOString(),
  };
}
