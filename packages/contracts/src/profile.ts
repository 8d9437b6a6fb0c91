import { CONSENT_VALUES, parseEmailAddress, parsePhoneNumber } from '@outrigger/core';
import { z } from 'zod';

const printable = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .regex(/^\P{Cc}+$/u, 'must not have control characters');

/** An identity namespace: `email`, `phone`, `ecid` or one of the sandbox's own. Case does not matter. */
export const namespaceName = z
  .string()
  .regex(/^[A-Za-z][\w.-]{0,63}$/, 'must begin with a letter; letters, digits, _ . - only, at most 64');

/** Who a profile is in one namespace. */
export const identity = z
  .strictObject({ namespace: namespaceName, value: printable(320).regex(/\S/, 'must not be blank') })
  .check((context) => {
    const { namespace, value } = context.value;
    const kind = namespace.toLowerCase();
    if (kind === 'email') {
      const parsed = parseEmailAddress(value);
      if ('problem' in parsed) {
        context.issues.push({ code: 'custom', input: value, path: ['value'], message: parsed.problem });
      }
    } else if (kind === 'phone' && parsePhoneNumber(value) === undefined) {
      const message = 'must be a phone number with its country code (E.164)';
      context.issues.push({ code: 'custom', input: value, path: ['value'], message });
    }
  });

/** A choice: `val` with an optional reason and time (spec 10.2). */
export const consentChoice = z.strictObject({
  val: z.enum(CONSENT_VALUES),
  reason: printable(500).optional(),
  time: z.iso.datetime({ offset: true }).optional(),
});
const marketing = z.strictObject({
  any: consentChoice.nullable().optional(),
  email: consentChoice.nullable().optional(),
  sms: consentChoice.nullable().optional(),
  push: consentChoice.nullable().optional(),
  preferred: z.enum(['email', 'sms', 'push']).nullable().optional(),
});

/** What a person has agreed to (spec 10.2). In a write, null takes a choice back to "nothing was said". */
export const consentsInput = z.strictObject({
  marketing: marketing.nullable().optional(),
  personalize: z.strictObject({ content: consentChoice.nullable().optional() }).nullable().optional(),
  idSpecific: z
    .record(
      namespaceName,
      z.record(printable(320), z.strictObject({ marketing: marketing.nullable().optional() }).nullable()).nullable(),
    )
    .nullable()
    .optional(),
  metadata: z
    .strictObject({ time: z.iso.datetime({ offset: true }).optional() })
    .nullable()
    .optional(),
});

/** A token of one installation of an app. `denylisted`: the push service said that it is dead. */
export const pushToken = z.strictObject({
  appID: printable(255),
  platform: z.enum(['apns', 'apnsSandbox', 'fcm']),
  token: z.string().regex(/^[\x21-\x7e]{1,4096}$/, 'must be 1 to 4096 visible ASCII characters'),
  denylisted: z.boolean().optional(),
  denylistedAt: z.iso.datetime().optional(),
  denylistedBy: z.uuid().optional().describe('The message at which the push service said so'),
});

/** Members of a profile that are not free attributes, though content sees them beside those. */
const RESERVED = ['consents', 'timeZone', 'language', 'pushTokens'];

const attributes = z
  .custom<Record<string, unknown>>(
    (value) => value !== null && typeof value === 'object' && !Array.isArray(value),
    'must be an object',
  )
  .check((context) => {
    for (const name of RESERVED.filter((one) => Object.hasOwn(context.value, one))) {
      const message = `is a member of the profile, not an attribute: send ${name} beside attributes`;
      context.issues.push({ code: 'custom', input: name, path: [name], message });
    }
  });

export const timeZone = z
  .string()
  .max(64)
  .refine(isTimeZone, 'must be an IANA time zone, such as Europe/Stockholm, or an offset, such as +02:00');
export const language = z
  .string()
  .regex(/^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,4}$/, 'must be a language tag, such as sv or pt-BR (BCP 47)');

/** The body of `PUT /profiles` (replace) and `PATCH /profiles` (merge). */
export const profileInput = z.strictObject({
  identities: z.array(identity).min(1).max(20),
  attributes: attributes.optional(),
  consents: consentsInput.optional(),
  timeZone: timeZone.nullable().optional(),
  language: language.nullable().optional(),
  pushTokens: z.array(pushToken).max(100).optional(),
});
export type ProfileBody = z.infer<typeof profileInput>;

/** How a sandbox treats people (spec 10.2, 7.2). */
export const peopleSettingsInput = z.strictObject({
  consentMode: z.enum(['opt-out', 'opt-in']),
  consentBases: z
    .array(z.enum(CONSENT_VALUES).exclude(['y', 'n']))
    .max(7)
    .default([]),
  emailAddressField: z
    .string()
    .regex(/^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$/, 'must be a dotted path, such as personalEmail.address')
    .max(255)
    .nullable()
    .default(null),
  phoneNumberField: z
    .string()
    .regex(/^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$/, 'must be a dotted path, such as mobilePhone.number')
    .max(255)
    .nullable()
    .default(null),
});

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
