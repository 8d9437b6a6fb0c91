import {
  type ChannelPort,
  type ComposeInput,
  comparableEmail,
  type EmailMessage,
  type EmailSettings,
  type ExclusionCode,
  type FailureCode,
  type Pieces,
  type Provider,
  parseEmailAddress,
  type ResolveInput,
  type Uncomposed,
  valueAt,
} from '@outrigger/core';
import { flattenControls, headerFits, LONGEST_LINE, reservedHeader } from './mime-header.ts';
import { composeSender, isPersonalised } from './sender.ts';

/** One address in the form in which it is sent: ASCII local part, domain in punycode. */
export type EmailTarget = { address: string };

/** Where an address is looked for when neither the channel configuration nor the sandbox names a field (spec 7.2). */
const DEFAULT_ADDRESS_FIELD = 'personalEmail.address';
/** A rendered part whose name starts so becomes an extra header: `header:List-Unsubscribe`. */
const HEADER_PART = 'header:';

/** Email as the pipeline sees it, over any provider. */
export function createEmailChannel(
  provider: Provider<EmailMessage>,
): ChannelPort<EmailSettings, EmailTarget, EmailMessage> {
  return {
    channel: 'email',
    provider,
    resolveTargets: resolveEmailTargets,
    suppressionAddress: (target) => comparableEmail(target.address),
    consentAddress: (target) => ({ namespace: 'email', address: comparableEmail(target.address) }),
    archiveOf,
    composesFromJson: true,
    compose: composeEmail,
  };
}

type Resolved = { targets: EmailTarget[] } | { excluded: ExclusionCode; detail: string };

/** The first place of spec 7.2 that has a value decides; what it holds is then checked, never skipped. */
export function resolveEmailTargets(input: ResolveInput<EmailSettings>): Resolved {
  const { recipient, profile, settings, workspaceField = DEFAULT_ADDRESS_FIELD } = input;
  const field = settings.delivery_address_field;
  const found = [
    recipient.channelData?.emailAddress,
    field === undefined ? undefined : valueAt(profile, field),
    valueAt(profile, workspaceField),
    recipient.namespace.toLowerCase() === 'email' ? recipient.userId : undefined,
  ].find((value) => value !== undefined && value !== null && value !== '');
  if (found === undefined || found === null) {
    return field === undefined
      ? { excluded: '050020', detail: `no address in ${workspaceField}` }
      : { excluded: '050021', detail: `the configured field ${field} has no value` };
  }
  if (typeof found !== 'string') return { excluded: '050024', detail: 'the address is not a string' };
  const parsed = parseEmailAddress(found);
  if ('problem' in parsed) return { excluded: '050024', detail: parsed.problem };
  return { targets: [{ address: parsed.address }] };
}

function archiveOf({ bcc_email: archive }: EmailSettings, { address }: EmailTarget) {
  return archive === undefined ? undefined : { channelData: { emailAddress: archive }, copy: { to: address } };
}

type Composed = { message: EmailMessage } | Uncomposed;

/** Puts the rendered parts `subject`, `html`, `text`, `amp` and `header:<Name>` together with the sender of the settings. */
export function composeEmail({
  messageId,
  target,
  settings,
  parts,
  pieces = {},
  shownTo,
  attachments = [],
}: ComposeInput<EmailSettings, EmailTarget>): Composed {
  const sender = composeSender(settings, parts);
  if (!('from' in sender)) return sender;
  const subject = cutTo(LONGEST_LINE, flattenControls(parts.subject ?? '').trim());
  if (subject === '') return { failed: '050302', detail: 'the subject is empty' };
  if (isBlank(parts, pieces, 'html')) return { failed: '050302', detail: 'the html part is empty' };
  const composed = composeHeaders(parts);
  if ('failed' in composed) return composed;
  const { headers } = composed;
  const hasText = !isBlank(parts, pieces, 'text');
  const amp = parts.amp?.trim() ? { amp: parts.amp } : {};
  // In pieces a message shares a call with others, which have one sender and no parts but HTML and text.
  const files = attachments.length === 0 ? {} : { attachments };
  const alone =
    parts.amp !== undefined ||
    attachments.length > 0 ||
    shownTo ||
    sender.sender ||
    sender.returnPath ||
    isPersonalised(parts);
  const made = alone ? {} : madeOf(pieces.html, hasText ? pieces.text : undefined);
  const to = { to: target.address, ...(shownTo !== undefined && { shownTo }) };
  if (made.pieces?.html?.slotsInJson) {
    const { from, replyTo } = sender;
    const fields = { messageId, from, replyTo, ...to, subject, headers };
    return { message: new EmailInPieces(fields, made.pieces, parts, hasText) };
  }
  const bodies = { subject, html: parts.html ?? '', ...(hasText && { text: parts.text! }), ...amp, ...made };
  return { message: { messageId, ...sender, ...to, ...bodies, ...files, headers } };
}

/**
 * A message that is likely to go out as its pieces: its bodies are put together only where they are read. Thousands of these wait
 * for an answer at a time, so they must hold little.
 */
class EmailInPieces implements EmailMessage {
  readonly messageId: string;
  readonly from: EmailMessage['from'];
  readonly replyTo?: NonNullable<EmailMessage['replyTo']>;
  readonly to: string;
  readonly subject: string;
  readonly headers: Record<string, string>;
  readonly pieces: NonNullable<EmailMessage['pieces']>;
  readonly #parts: Record<string, string>;
  readonly #hasText: boolean;

  constructor(
    message: Pick<EmailMessage, 'messageId' | 'from' | 'to' | 'subject' | 'headers'> & {
      replyTo: EmailMessage['replyTo'];
    },
    pieces: NonNullable<EmailMessage['pieces']>,
    parts: Record<string, string>,
    hasText: boolean,
  ) {
    this.messageId = message.messageId;
    this.from = message.from;
    if (message.replyTo) this.replyTo = message.replyTo;
    this.to = message.to;
    this.subject = message.subject;
    this.headers = message.headers;
    this.pieces = pieces;
    this.#parts = parts;
    this.#hasText = hasText;
  }

  get html(): string {
    return this.#parts.html!;
  }

  get text(): string | undefined {
    return this.#hasText ? this.#parts.text : undefined;
  }
}

function madeOf(html: Pieces | undefined, text: Pieces | undefined): Pick<EmailMessage, 'pieces'> {
  if (!html && !text) return {};
  return { pieces: { ...(html && { html }), ...(text && { text }) } };
}

/** To look into the text would put it together, which a message that goes out in pieces never needs. */
function isBlank(parts: Record<string, string>, pieces: Record<string, Pieces>, name: string): boolean {
  if (pieces[name] && hasVisibleText(pieces[name].fixed)) return false;
  return (parts[name] ?? '').trim() === '';
}

const visible = new WeakMap<readonly string[], boolean>();

function hasVisibleText(fixed: readonly string[]): boolean {
  const known = visible.get(fixed);
  if (known !== undefined) return known;
  const found = fixed.some((text) => text.trim() !== '');
  visible.set(fixed, found);
  return found;
}

function composeHeaders(
  parts: Record<string, string>,
): { headers: Record<string, string> } | { failed: FailureCode; detail: string } {
  const headers: Record<string, string> = {};
  const seen = new Set<string>();
  for (const [part, rendered] of Object.entries(parts)) {
    if (!part.startsWith(HEADER_PART)) continue;
    const name = part.slice(HEADER_PART.length);
    const problem = seen.has(name.toLowerCase()) ? 'is given twice' : reservedHeader(name);
    if (problem) return { failed: '050302', detail: `header ${name} ${problem}` };
    seen.add(name.toLowerCase());
    const value = flattenControls(rendered).trim();
    // A header whose value renders to nothing is left out: an author's way to say "not for this one".
    if (value === '') continue;
    if (!headerFits(name, value))
      return { failed: '050302', detail: `header ${name} has a word of over 900 characters` };
    headers[name] = value;
  }
  return { headers };
}

/** The first `limit` UTF-16 units, never half a character. */
function cutTo(limit: number, text: string): string {
  const cut = text.slice(0, limit);
  return cut.length < text.length && /[\uD800-\uDBFF]$/.test(cut) ? cut.slice(0, -1) : cut;
}
