import { z } from 'zod';
import { answerInstant } from './message.ts';

const audit = {
  parentFolderId: z.string().optional(),
  createdAt: answerInstant,
  createdBy: z.string(),
  modifiedAt: answerInstant,
  modifiedBy: z.string(),
};
const listOf = <Item extends z.ZodType>(item: Item) =>
  z.object({
    items: z.array(item),
    _page: z.object({ orderBy: z.string(), count: z.int(), next: z.string().nullable() }),
    _links: z.object({ next: z.object({ href: z.string() }).optional() }),
  });

export const fragmentAnswer = z
  .object({
    id: z.uuid(),
    name: z.string(),
    description: z.string(),
    type: z.enum(['html', 'expression']),
    subType: z.enum(['TEXT', 'HTML', 'JSON']).optional(),
    status: z
      .enum(['DRAFT', 'PUBLISHED'])
      .describe('DRAFT: what is shown was not published; what was published before goes on serving'),
    archived: z.boolean(),
    source: z.object({ origin: z.string() }),
    fragment: z.looseObject({}),
    attributes: z.array(z.string()).optional().describe('What the first publication read; later ones may read fewer'),
    publishedAt: answerInstant.optional(),
    ...audit,
  })
  .meta({ id: 'Fragment' });
export const fragmentList = listOf(fragmentAnswer);

export const publicationStatus = z
  .object({
    fragmentId: z.uuid(),
    publicationId: z.uuid(),
    status: z.enum(['complete', 'inProgress', 'error']),
    pendingCampaigns: z.int().describe('Live campaigns that have not taken the publication up yet'),
    problems: z.array(z.string()),
    failedCampaigns: z.array(z.object({ campaignId: z.uuid(), reason: z.string() })),
  })
  .meta({ id: 'PublicationStatus' });

export const templateAnswer = z
  .object({
    id: z.uuid(),
    name: z.string(),
    description: z.string(),
    templateType: z.enum(['html', 'html_primary_page', 'html_sub_page', 'content']),
    channels: z.array(z.string()),
    source: z.object({ origin: z.string() }),
    template: z.looseObject({}),
    ...audit,
  })
  .meta({ id: 'Template' });
export const templateList = listOf(templateAnswer);
