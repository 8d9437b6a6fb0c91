/** Spec 4.3: the longest link of a push message. */
const LONGEST_LINK = 2_000;

/** Why a rendered link cannot go out, or undefined. Values of a person may be in it, so its scheme is checked here. */
export function linkProblem(type: 'DEEPLINK' | 'WEBURL', uri: string): string | undefined {
  if (uri === '') return `A ${type} needs a link and it is empty.`;
  if (uri.length > LONGEST_LINK) return `The link has ${uri.length} characters; ${LONGEST_LINK} is the limit.`;
  if (/[\s\p{Cc}]/u.test(uri)) return 'The link holds a blank or a control character.';
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(uri)?.[1]?.toLowerCase();
  if (scheme === undefined) return 'The link has no scheme.';
  if (type === 'WEBURL' && (!/^https?$/.test(scheme) || !URL.canParse(uri))) return 'The link is not a web address.';
  if (/^(javascript|data|vbscript|file|content|intent)$/.test(scheme)) return `Links with ${scheme}: are not sent.`;
  return undefined;
}
