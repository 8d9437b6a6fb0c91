import type { CallControl } from '@outrigger/chaos/campaigns';
import type { TestCaller } from '@outrigger/testkit/tenant';

/** A live marketing campaign to an audience, with data of the profile and of the call in its mail. */
export async function makeMarketing(control: CallControl, caller: TestCaller, audienceId: string): Promise<string> {
  const surface = (await control(caller, 'POST', '/metadata/surfaces', {
    channel: 'EMAIL',
    name: 'marketing-mail',
    category: 'Marketing',
    settings: { from_name: 'Shop', from_email: 'shop@shop.example' },
  })) as { surfaceId: string };
  const draft = (await control(caller, 'POST', '/campaigns', {
    name: 'To everybody',
    category: 'Marketing',
    identityNamespace: 'email',
    audience: { audienceId },
    packages: [
      {
        channel: 'EMAIL',
        attributes: { surface: { surfaceId: surface.surfaceId } },
        content: {
          subject: 'Hello {{ profile.firstName }}',
          html: { body: '<p>{{ profile.firstName }}, {{ context.offer }}: you have {{ profile.points }} points.</p>' },
        },
      },
    ],
  })) as { campaignId: string };
  await control(caller, 'POST', `/campaigns/${draft.campaignId}/publish`);
  return draft.campaignId;
}
