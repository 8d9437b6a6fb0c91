import { z } from 'zod';

const accountName = z.string().regex(/^[a-z0-9][a-z0-9_-]{0,62}$/, 'lower-case letters, digits, _ and - only');

/** Which accounts the messages of a channel configuration may go through; part of its settings. */
export const providerPool = z.strictObject({
  strategy: z.enum(['ordered', 'weighted']).default('ordered').describe('ordered: the first that is free; weighted'),
  accounts: z
    .array(accountName)
    .min(1)
    .max(20)
    .refine((names) => new Set(names).size === names.length, 'an account is named twice')
    .describe('Names of provider accounts, in order of preference'),
});
export type ProviderPoolChoice = z.infer<typeof providerPool>;
