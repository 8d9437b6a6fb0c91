import { z } from 'zod';

const name = (max: number) =>
  z.string().regex(new RegExp(`^[\\x21-\\x7e]{1,${max}}$`), 'must be printable ASCII without spaces');
const scope = z.enum(['execute', 'read', 'manage', 'operate']);

export const tenantInput = z.strictObject({ orgId: name(255), sandboxName: name(64) });
export const keyInput = z.strictObject({
  name: z.string().min(1).max(200),
  orgId: name(255),
  sandboxNames: z.array(name(64)).min(1).max(50),
  scopes: z.array(scope).min(1).max(4),
  expiresAt: z.iso
    .datetime({ offset: true })
    .transform((text) => new Date(text))
    .optional(),
});
export const rotateInput = z.strictObject({
  graceSeconds: z.int().min(0).max(604_800).default(0).describe('How long the present secret is still taken'),
});
export const keyListQuery = z.strictObject({ orgId: z.string().min(1).max(255).optional() });

export const tenantAnswer = z.object({ orgId: z.string(), sandboxName: z.string() }).meta({ id: 'Tenant' });
export const tenantList = z.object({ data: z.array(tenantAnswer) });
const keyMembers = {
  keyId: z.string(),
  name: z.string(),
  orgId: z.string(),
  sandboxNames: z.array(z.string()),
  scopes: z.array(scope),
  createdAt: z.iso.datetime(),
  createdBy: z.string(),
  expiresAt: z.iso.datetime().nullable(),
  revokedAt: z.iso.datetime().nullable(),
  rotatedAt: z.iso.datetime().nullable(),
  previousUntil: z.iso.datetime().nullable(),
};
export const keyAnswer = z.object(keyMembers).meta({ id: 'Key' });
export const keyList = z.object({ data: z.array(keyAnswer) });
export const keyWithSecret = z
  .object({ ...keyMembers, secret: z.string().describe('Shown this once and never again') })
  .meta({ id: 'KeyWithSecret' });
