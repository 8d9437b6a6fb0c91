import { z } from 'zod';

/** Reference suppression.yaml. Dates are milliseconds since 1970; those of upload jobs are seconds. */
export const SUPPRESSION_LIST_TYPES = ['client', 'allowed'] as const;
export const SUPPRESSION_ORDERS = [
  'entityvalue',
  'entitytype',
  'creationdate',
  'lastmodifieddate',
  'suppresseddate',
  'suppresseduser',
  'suppressedcomment',
] as const;
export const UPLOAD_ORDERS = [
  'jobid',
  'user',
  'filename',
  'createtime',
  'endtime',
  'status',
  'responsecode',
  'recordcount',
  'handledcount',
  'failedcount',
  'id',
] as const;
export const UPLOAD_STATUSES = ['ACCEPTED', 'PENDING', 'COMPLETE', 'CANCELED', 'ERROR'] as const;

/** Entries a call: more come as a CSV file. */
export const MAX_SUPPRESSION_ENTRIES = 500;
const MAX_PAGE = 1_000;

const printableAscii = (max: number) =>
  z
    .string()
    .max(max)
    .regex(/^[\x20-\x7e]*$/, 'must be printable ASCII');
const pageMembers = {
  limit: z
    .string()
    .regex(/^[1-9]\d{0,3}$/, `must be a whole number from 1 to ${MAX_PAGE}`)
    .transform(Number)
    .refine((limit) => limit <= MAX_PAGE, { error: `must be a whole number from 1 to ${MAX_PAGE}` })
    .default(20)
    .meta({ type: 'integer', minimum: 1, maximum: MAX_PAGE, default: 20 }),
  start: z
    .string()
    .min(1)
    .max(800)
    .optional()
    .describe('The `next` of the page before, or a value of what is ordered by'),
  property: z
    .union([z.string().max(200), z.array(z.string().max(200)).max(10)])
    .transform((value) => [value].flat())
    .default([])
    .describe('Filters, for example creationdate<1631739725150 or channel==email')
    .meta({ type: 'array', items: { type: 'string' } }),
};
const order = <Name extends string>(names: readonly [Name, ...Name[]], fallback: Name) =>
  z
    .enum(names.flatMap((name): [Name, `-${Name}`] => [name, `-${name}`]) as [Name, `-${Name}`])
    .default(() => `-${fallback}` as never)
    .describe('What to order by; - means descending');

export const suppressionListQuery = z.strictObject({
  type: z.enum(SUPPRESSION_LIST_TYPES).default('client'),
  orderby: order(SUPPRESSION_ORDERS, 'creationdate'),
  ...pageMembers,
});
export const suppressionTypeQuery = z.strictObject({ type: z.enum(SUPPRESSION_LIST_TYPES).default('client') });
export const uploadListQuery = z.strictObject({ orderby: order(UPLOAD_ORDERS, 'createtime'), ...pageMembers });

const addedEntry = (type: 'email' | 'domain', max: number) =>
  z.strictObject({
    entity: z.strictObject({ type: z.literal(type).default(type), entityValue: z.string().min(1).max(max) }),
    comment: printableAscii(500).optional(),
    user: printableAscii(255).optional(),
  });
export const addAddressesBody = z.array(addedEntry('email', 320)).min(1).max(MAX_SUPPRESSION_ENTRIES);
export const addDomainsBody = z.array(addedEntry('domain', 255)).min(1).max(MAX_SUPPRESSION_ENTRIES);
export const uploadForm = z.strictObject({
  file: z.string().meta({ format: 'binary', description: 'A CSV file with the header TYPE,VALUE,COMMENT' }),
});
export const allowedListSwitch = z.strictObject({ active: z.boolean() });

const time = z.int();
const entryMembers = {
  id: z.uuid(),
  entity: z.object({ type: z.enum(['email', 'domain']), entityValue: z.string() }),
  suppressed: z.object({ type: z.enum(['MANUAL', 'HARD', 'SOFT']), user: z.string(), comment: z.string(), date: time }),
  creationDate: time,
  lastModifiedDate: time,
  status: z.enum(['active', 'deleted']),
  listType: z.enum(SUPPRESSION_LIST_TYPES),
  client: z.object({ imsOrgId: z.string(), sandboxId: z.string() }),
};
export const suppressionEntry = z.object(entryMembers).meta({ id: 'SuppressionEntry' });
export const suppressedAddress = z
  .object({
    ...entryMembers,
    bounceState: z.object({
      softCount: z.int(),
      bounceEvents: z.array(
        z.object({
          messageId: z.string(),
          date: z.iso.datetime(),
          message: z.string(),
          bounceType: z.enum(['HARD', 'SOFT', 'SUCCEEDED', 'IGNORED']),
        }),
      ),
    }),
  })
  .meta({ id: 'SuppressedAddress' });
export const addedEntries = z.array(suppressionEntry);

const link = z.object({ href: z.string() });
const page = <Item extends z.ZodType>(item: Item, orders: readonly [string, ...string[]]) =>
  z.object({
    _page: z.object({
      orderby: z.enum(orders.flatMap((name) => [name, `-${name}`]) as [string]),
      next: z.string().optional(),
      count: z.int(),
    }),
    items: z.array(item),
    _links: z.object({ self: link, next: link.optional() }),
  });
export const suppressedAddressPage = page(suppressedAddress, SUPPRESSION_ORDERS);
export const suppressedDomainPage = page(suppressionEntry, SUPPRESSION_ORDERS);

const uploadMembers = {
  jobId: z.uuid(),
  user: z.string(),
  filename: z.string(),
  createTime: time,
  endTime: time.nullable(),
  status: z.enum(UPLOAD_STATUSES),
  responseCode: z.int(),
  responseText: z.string().nullable(),
  recordCount: z.int(),
  handledCount: z.int(),
  failedCount: z.int(),
};
const upload = z.object(uploadMembers).meta({ id: 'SuppressionUpload' });
export const uploadPage = page(upload, UPLOAD_ORDERS);
export const uploadJob = z
  .object({
    ...uploadMembers,
    imsOrgId: z.string(),
    sandboxId: z.string(),
    failedRecords: z.array(
      z.object({ type: z.string(), value: z.string(), comments: z.string(), failureReason: z.string() }),
    ),
  })
  .meta({ id: 'SuppressionUploadJob' });
export const uploadAccepted = z.object({ success: z.object({ jobId: z.uuid() }) });
export const allowedListState = z.object({ active: z.boolean(), entries: z.int() }).meta({ id: 'AllowedListState' });
