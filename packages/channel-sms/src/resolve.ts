import { type JsonValue, parsePhoneNumber, type ResolveInput, type SmsSettings, valueAt } from '@outrigger/core';

/** One phone number in E.164 form. */
export type SmsTarget = { phoneNumber: string };

const DEFAULT_FIELD = 'mobilePhone.number';

type Resolved = { targets: SmsTarget[] } | { excluded: '050152' | '050153'; detail: string };

/**
 * The number to send to (spec 7.2): the call's own number, the configuration's field, the sandbox's field, the user id
 * when its namespace is `phone`. The first that is there decides: when it is malformed nothing else is tried, because
 * another number may belong to another person.
 */
export function resolveSmsTargets(input: ResolveInput<SmsSettings>): Resolved {
  const { recipient, profile, settings, workspaceField = DEFAULT_FIELD } = input;
  if (!settings.sender?.trim()) return { excluded: '050152', detail: 'The channel configuration has no sender.' };
  const field = settings.delivery_address_field ?? workspaceField;
  const candidates: [where: string, value: JsonValue | undefined][] = [
    ['channelData.mobilePhoneNumber', recipient.channelData?.mobilePhoneNumber],
    [`profile.${field}`, valueAt(profile, field)],
    [`profile.${workspaceField}`, valueAt(profile, workspaceField)],
    ['userId', recipient.namespace.toLowerCase() === 'phone' ? recipient.userId : undefined],
  ];
  const found = candidates.find(([, value]) => isThere(value));
  if (found === undefined) return { excluded: '050153', detail: `No number in profile.${field} or the call.` };
  const [where, value] = found;
  const phoneNumber = typeof value === 'string' ? parsePhoneNumber(value) : undefined;
  if (phoneNumber === undefined) {
    return { excluded: '050153', detail: `The value of ${where} is not a phone number with its country code.` };
  }
  return { targets: [{ phoneNumber }] };
}

function isThere(value: JsonValue | undefined): boolean {
  return value !== undefined && value !== null && !(typeof value === 'string' && value.trim() === '');
}
