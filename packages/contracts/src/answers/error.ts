import { z } from 'zod';

/** The body of every refusal (spec 6.3). */
export const apiError = z
  .object({
    type: z.string().describe('A URI that ends in the code and the status, such as .../errors/MSG-000001-400'),
    title: z.string().describe('What is wrong and what to do about it'),
    status: z.int(),
    report: z.object({ additionalContext: z.record(z.string(), z.string()) }),
  })
  .meta({ id: 'Error' });
