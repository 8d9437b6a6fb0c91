import { z } from 'zod';
import { plainText } from './campaign.ts';

/** Largest bodies (spec 4.4): a visual fragment, an expression fragment, a template. */
const VISUAL_CHARACTERS = 100_000;
const EXPRESSION_CHARACTERS = 200_000;

const described = {
  name: plainText(255),
  description: z.string().max(2_000).default(''),
  parentFolderId: plainText(100).optional(),
};

/** What a call may override, with the value it has otherwise. Plain text: it is written into the template. */
const parameters = z
  .record(
    z.string().regex(/^[A-Za-z_]\w{0,63}$/, 'is a name of letters, digits and _'),
    z
      .string()
      .max(2_000)
      .regex(/^[^"\\]*$/, 'must not have double quotes or backslashes')
      .refine((text) => !/\{[{%]|[%}]\}/.test(text), 'must not be a template'),
  )
  .refine((all) => Object.keys(all).length <= 50, 'at most 50 parameters')
  .default({});
const source = z.strictObject({ origin: z.enum(['ajo', 'external']).default('ajo') }).default({ origin: 'ajo' });

/** A fragment (spec 4.4): `html` goes into the HTML of emails, `expression` into every template. */
export const fragmentInput = z.discriminatedUnion('type', [
  z.strictObject({
    ...described,
    type: z.literal('html'),
    source,
    fragment: z.strictObject({ content: z.string().max(VISUAL_CHARACTERS), parameters }),
  }),
  z.strictObject({
    ...described,
    type: z.literal('expression'),
    subType: z.enum(['TEXT', 'HTML', 'JSON']).default('TEXT'),
    source,
    fragment: z.strictObject({ expression: z.string().max(EXPRESSION_CHARACTERS), parameters }),
  }),
]);
z.globalRegistry.add(fragmentInput, { id: 'FragmentInput' });
export type FragmentInput = z.infer<typeof fragmentInput>;

/** A content template: content to begin a message from. */
export const templateInput = z.strictObject({
  ...described,
  templateType: z.enum(['html', 'html_primary_page', 'html_sub_page', 'content']),
  channels: z
    .array(z.enum(['email', 'push', 'inapp', 'sms', 'code', 'directMail', 'landingpage', 'shared']))
    .length(1, 'a template is for one channel'),
  source: z.strictObject({ origin: z.enum(['ajo', 'aem', 'external']).default('ajo') }).default({ origin: 'ajo' }),
  template: z.record(z.string().max(100), z.json()),
});
z.globalRegistry.add(templateInput, { id: 'TemplateInput' });
export type TemplateInput = z.infer<typeof templateInput>;

const patchedPath = z.enum(['/name', '/description', '/parentFolderId']);
/** JSON Patch (RFC 6902), limited to what describes a fragment or template. */
export const contentPatch = z
  .array(
    z.discriminatedUnion('op', [
      z.strictObject({ op: z.enum(['add', 'replace']), path: patchedPath, value: z.string().max(2_000) }),
      z.strictObject({ op: z.literal('remove'), path: z.enum(['/description', '/parentFolderId']) }),
    ]),
  )
  .min(1)
  .max(20);
export type ContentPatch = z.infer<typeof contentPatch>;

export const fragmentPublication = z.strictObject({ fragmentId: z.uuid() });
export const fragmentArchive = z.strictObject({ archived: z.boolean() });
