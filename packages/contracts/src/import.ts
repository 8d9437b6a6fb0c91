import { z } from 'zod';

/** `POST /imports`: what a file holds and what is to be done with it. The file itself is sent afterwards. */
export const importInput = z
  .strictObject({
    kind: z.enum(['profiles', 'members']).default('profiles'),
    format: z.enum(['csv', 'ndjson']).default('csv'),
    mode: z.enum(['merge', 'replace']).default('merge'),
    audienceId: z.uuid().optional().describe('The list that the people of the file are added to'),
    columns: z
      .record(z.string().max(255), z.string().max(255).nullable())
      .default({})
      .describe('What headings mean that do not say it themselves; null leaves a column out'),
    fileName: z
      .string()
      .max(255)
      .regex(/^\P{Cc}*$/u, 'must not have control characters')
      .default('')
      .describe('For people to read; never used as a path'),
  })
  .refine(({ kind, audienceId }) => kind === 'profiles' || audienceId !== undefined, 'members need an audienceId');
