/** What a text that comes in asks for. */
export type KeywordKind = 'opt_out' | 'opt_in' | 'help';
export type SmsKeywords = Partial<Record<KeywordKind, string[]>>;

/** The words of every sender that names none of its own (spec 10.4). A list of one's own takes the place of the list here. */
export const SMS_KEYWORDS: Record<KeywordKind, readonly string[]> = {
  opt_out: ['STOP', 'QUIT', 'CANCEL', 'END', 'UNSUBSCRIBE', 'NO'],
  opt_in: ['SUBSCRIBE', 'YES', 'UNSTOP', 'START', 'CONTINUE', 'RESUME', 'BEGIN'],
  help: ['HELP', 'INFO', 'INFORMATION'],
};

/**
 * The keyword that a text is, or undefined: exactly one, whatever its case and the blanks around it. Anything more is a text to
 * somebody, and nobody is opted out by a guess (reliability I22).
 */
export function keywordKind(text: string, own: SmsKeywords = {}): KeywordKind | undefined {
  const word = foldedWord(text);
  const kinds = Object.keys(SMS_KEYWORDS) as KeywordKind[];
  // To opt out is the first that is looked for: it must not be hidden by a list of another kind.
  return kinds.find((kind) => (own[kind] ?? SMS_KEYWORDS[kind]).some((keyword) => foldedWord(keyword) === word));
}

/** The form in which keywords are compared: width, case and look-alikes of one letter folded (NFKC). */
export function foldedWord(text: string): string {
  return text.normalize('NFKC').trim().toUpperCase();
}

/** A text that a phone sent to a number of ours, as its provider hands it on. */
export type InboundText = {
  /** The provider's id of it. */
  inboundId: string;
  from: string;
  to: string;
  text: string;
  /** The provider's id of the message of ours that it follows, where the provider knows. */
  after?: string;
};
