import { z } from 'zod';
import { attachments } from '../attachment.ts';

/** Email content (spec 4.1). The body is HTML or MJML; the text part follows the HTML unless it is written by hand. */
export const emailContent = z.strictObject({
  subject: z.string().max(2_000),
  html: z.strictObject({ body: z.string().max(2_000_000) }).optional(),
  mjml: z.strictObject({ body: z.string().max(2_000_000) }).optional(),
  text: z
    .strictObject({ body: z.string().max(500_000).default(''), syncFromHtml: z.boolean().default(true) })
    .optional(),
  'x-amp-html': z
    .strictObject({ body: z.string().max(2_000_000) })
    .optional()
    .describe('an AMP version beside the HTML; mail programs that know it show it'),
  editorContext: z.record(z.string().max(100), z.json()).optional().describe('state of a designer, kept as it is'),
  headers: z
    .record(z.string().regex(/^[A-Za-z][A-Za-z0-9-]{0,75}$/), z.string().max(998))
    .optional()
    .describe('custom headers; values may be templates'),
  attachments: attachments
    .optional()
    .describe('PDF files that everybody gets; they are copied when the campaign is activated'),
});
export type EmailContent = z.infer<typeof emailContent>;
