import { type EmailMessage, type EmailSettings, parseEmailAddress, type Uncomposed } from '@outrigger/core';
import { flattenControls } from './mime-header.ts';

/** Who a message comes from (spec 3.2). */
export type SenderFields = Pick<EmailMessage, 'from' | 'replyTo' | 'sender' | 'returnPath'>;
type Failed = Extract<Uncomposed, { failed: unknown }>;

/** A rendered part whose name starts so takes the place of the setting of that name. */
const SETTING_PART = 'setting:';

/**
 * The sender of one message: settings that are templates were rendered with the content. A fixed setting that is wrong
 * concerns every message; what a template yields concerns this one.
 */
export function composeSender(settings: EmailSettings, parts: Record<string, string>): SenderFields | Uncomposed {
  if (isPersonalised(parts)) return makeSender(settings, parts);
  const known = fixedSenders.get(settings) ?? makeSender(settings, parts);
  fixedSenders.set(settings, known);
  return known;
}

/** Of a version's settings, which never change. */
const fixedSenders = new WeakMap<EmailSettings, SenderFields | Uncomposed>();

function makeSender(settings: EmailSettings, parts: Record<string, string>): SenderFields | Uncomposed {
  const domain = settings.subdomains && (parts[DOMAIN_PART] ?? '').trim();
  if (domain === '') {
    const known = settings.subdomains?.map((rule) => rule.domain).join(', ');
    return { excluded: '050109', detail: `no rule of subdomains fits this person (${known})` };
  }
  const configured = mailboxOf('from', settings, parts);
  const from = 'failed' in configured ? configured : atDomain(configured, domain);
  if ('failed' in from) return from;
  const fields: SenderFields = { from };
  if (settings.reply_to_email && settingOf('reply_to_email', settings, parts) !== '') {
    const replyTo = mailboxOf('reply_to', settings, parts);
    if ('failed' in replyTo) return replyTo;
    fields.replyTo = replyTo;
  }
  if (settings.sender_email) {
    // Configured and empty for this recipient: the author says who must answer for it, so it is not sent (spec 3.2).
    if (settingOf('sender_email', settings, parts) === '') {
      return { excluded: 'policy.sender_missing', detail: 'sender_email is empty for this person' };
    }
    const sender = mailboxOf('sender', settings, parts);
    if ('failed' in sender) return sender;
    if (sender.address !== from.address) fields.sender = sender;
  }
  if (settings.return_path_email) {
    const parsed = parseEmailAddress(settings.return_path_email);
    if ('problem' in parsed)
      return { failed: 'permanent.configuration', detail: `return_path_email ${parsed.problem}` };
    const returnPath = atDomain({ address: parsed.address }, domain);
    if ('failed' in returnPath) return returnPath;
    fields.returnPath = returnPath.address;
  }
  return fields;
}

/** The part that the rules of `subdomains` are rendered to. */
const DOMAIN_PART = `${SETTING_PART}subdomain`;

/** The mailbox with its domain replaced, where the configuration chooses domains. */
function atDomain(mailbox: { name?: string; address: string }, domain: string | undefined): typeof mailbox | Failed {
  if (domain === undefined) return mailbox;
  const parsed = parseEmailAddress(`${mailbox.address.slice(0, mailbox.address.lastIndexOf('@'))}@${domain}`);
  if ('problem' in parsed) return { failed: 'permanent.configuration', detail: `subdomains ${parsed.problem}` };
  return { ...mailbox, address: parsed.address };
}

const TEMPLATE_PARTS = [
  'from_name',
  'from_email',
  'reply_to_name',
  'reply_to_email',
  'sender_name',
  'sender_email',
  'subdomain',
].map((name) => SETTING_PART + name);

/** Whether the sender was rendered for this message. */
export function isPersonalised(parts: Record<string, string>): boolean {
  return TEMPLATE_PARTS.some((name) => parts[name] !== undefined);
}

function settingOf(name: keyof EmailSettings, settings: EmailSettings, parts: Record<string, string>): string {
  return flattenControls(parts[SETTING_PART + name] ?? String(settings[name] ?? '')).trim();
}

function mailboxOf(
  which: 'from' | 'reply_to' | 'sender',
  settings: EmailSettings,
  parts: Record<string, string>,
): { name?: string; address: string } | Failed {
  const name = `${which}_email` as const;
  const parsed = parseEmailAddress(settingOf(name, settings, parts));
  if ('problem' in parsed) {
    const isRendered = parts[SETTING_PART + name] !== undefined;
    return { failed: isRendered ? '050302' : 'permanent.configuration', detail: `${name} ${parsed.problem}` };
  }
  const display = settingOf(`${which}_name`, settings, parts);
  return display === '' ? { address: parsed.address } : { name: display, address: parsed.address };
}
