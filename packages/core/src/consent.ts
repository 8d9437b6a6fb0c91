import { comparableEmail } from './address-email.ts';
import { parsePhoneNumber } from './address-phone.ts';

/** A choice as it may be stored (spec 10.2): yes, no, pending, unknown, or a legal basis. */
export const CONSENT_VALUES = ['y', 'n', 'p', 'u', 'LI', 'CT', 'CP', 'VI', 'PI'] as const;
export type ConsentValue = (typeof CONSENT_VALUES)[number];
export type ConsentChoice = { val?: ConsentValue; reason?: string; time?: string };

/** Choices for marketing: `any` for all channels, then each channel. */
export type MarketingConsents = {
  any?: ConsentChoice;
  email?: ConsentChoice;
  sms?: ConsentChoice;
  push?: ConsentChoice;
  preferred?: string;
};

/** What a person has agreed to (spec 10.2). `idSpecific` holds choices for one address: namespace, address, choices. */
export type Consents = {
  marketing?: MarketingConsents;
  personalize?: { content?: ConsentChoice };
  idSpecific?: { [namespace: string]: { [address: string]: { marketing?: MarketingConsents } } };
  metadata?: { time?: string };
};

/** An address as consents know it: the namespace in lower case, the address in the form in which it is compared. */
export type ConsentAddress = { namespace: string; address: string };

/**
 * The form in which identities and addresses of a namespace are compared: emails folded and with a punycode domain (spec 7.1),
 * phone numbers in E.164 form where they can be read as one, everything else as it is.
 */
export function comparableIdentifier(namespace: string, value: string): string {
  switch (namespace.toLowerCase()) {
    case 'email':
      return comparableEmail(value);
    case 'phone':
      return parsePhoneNumber(value) ?? value;
    default:
      return value;
  }
}

/** Consents with the addresses of `idSpecific` in their comparable form, as they are stored and looked up. */
export function comparableConsents(consents: Consents): Consents {
  if (!consents.idSpecific) return consents;
  const idSpecific: NonNullable<Consents['idSpecific']> = {};
  for (const [namespace, byAddress] of Object.entries(consents.idSpecific)) {
    const name = namespace.toLowerCase();
    const folded = Object.hasOwn(idSpecific, name) ? idSpecific[name]! : {};
    for (const [address, choices] of Object.entries(byAddress)) {
      folded[comparableIdentifier(namespace, address)] = choices;
    }
    idSpecific[name] = folded;
  }
  return { ...consents, idSpecific };
}
