/**
 * Every error that our HTTP APIs can answer, in one table (docs/errors.md is held to it by a test). Codes are never
 * renamed and never reused. The title is the default; a call site may say something more precise.
 * Codes and their meaning follow spec 6.4 and reliability 4.0; `status` ends the public error type.
 */
export const API_ERRORS = {
  'MSG-000001': { status: 400, title: 'The request is incomplete or is not JSON.' },
  'MSG-000002': { status: 400, title: 'Send 1 to 20 recipients in a call.' },
  'MSG-000003': { status: 400, title: 'Two recipients have the same userId; send each person once in a call.' },
  'MSG-000004': { status: 400, title: 'This recipient type is not allowed on this endpoint.' },
  'MSG-000005': { status: 400, title: "The recipient's namespace differs from the campaign's." },
  'MSG-000006': { status: 400, title: 'The context of all recipients together is over 200 kB.' },
  'MSG-000007': { status: 400, title: 'context.system is reserved; remove it.' },
  'MSG-000008': { status: 400, title: 'The request has a member that is not allowed.' },
  'MSG-000009': { status: 400, title: 'A value has the wrong type, length, characters, depth or range.' },
  'MSG-000010': { status: 404, title: 'No such campaign in this sandbox.' },
  'MSG-000011': { status: 400, title: 'The campaign is not live; activate it first.' },
  'MSG-000012': { status: 400, title: "The call is outside the campaign's start and end dates." },
  'MSG-000013': { status: 400, title: 'This campaign belongs to the other endpoint: unitary or highthroughput.' },
  'MSG-000014': {
    status: 400,
    title: 'Marketing goes through the audience endpoint, transactional through the others.',
  },
  'MSG-000020': { status: 400, title: 'The profile is unknown and the campaign does not create profiles.' },
  'MSG-000021': { status: 400, title: 'executeAt must lie ahead and inside the dates of the campaign.' },
  'MSG-000022': { status: 409, title: 'The schedule was triggered already and cannot be deleted.' },
  'MSG-000023': { status: 409, title: "The campaign's earlier audience execution is still being exported." },
  'MSG-000024': { status: 400, title: 'No such merge policy: leave mergePolicyName out, or send default.' },
  'MSG-000025': {
    status: 400,
    title: 'Attachments go with email only, at most 5 together with those of the campaign.',
  },
  'MSG-000030': { status: 409, title: 'This requestId was already used with other content; use a new one.' },
  'MSG-000401': { status: 401, title: 'The credentials are missing or wrong.' },
  'MSG-000403': { status: 403, title: 'The key may not do this in this sandbox.' },
  'MSG-000404': { status: 404, title: 'Not found.' },
  'MSG-000405': { status: 405, title: 'This method is not allowed here.' },
  'MSG-000408': { status: 408, title: 'The request did not arrive in time.' },
  'MSG-000413': { status: 413, title: 'The request body is too large.' },
  'MSG-000414': { status: 414, title: 'The URL is too long.' },
  'MSG-000415': { status: 415, title: 'Send application/json in UTF-8.' },
  'MSG-000429': { status: 429, title: 'Too many requests; wait as long as Retry-After says.' },
  'MSG-000431': { status: 431, title: 'The request headers are too large; send at most 16 kB of them.' },
  'MSG-000500': { status: 500, title: 'Something unexpected went wrong on our side; nothing is known to be stored.' },
  'MSG-000503': { status: 503, title: 'The request cannot be stored now; ask again with the same requestId.' },
  'CMP-000001': { status: 400, title: 'The campaign is not valid.' },
  'CMP-000002': { status: 409, title: 'The campaign cannot do this in its present status.' },
  'CMP-000003': { status: 400, title: 'The campaign has errors that block activation.' },
  'CMP-000004': { status: 400, title: 'No such channel configuration in this sandbox.' },
  'CMP-000005': { status: 409, title: 'This name is already taken.' },
  'CMP-000006': { status: 404, title: 'No such package or message in this campaign.' },
  'SRF-000001': { status: 404, title: 'No such channel configuration in this sandbox.' },
  'SRF-000002': { status: 409, title: 'The channel configuration cannot do this in its present status.' },
  'SRF-000003': { status: 409, title: 'The channel configuration is used by live or scheduled campaigns.' },
  'SRF-000004': { status: 400, title: 'The channel configuration is not valid.' },
  'CNT-000001': { status: 404, title: 'No such fragment or template in this sandbox.' },
  'CNT-000002': { status: 409, title: 'It was changed meanwhile; read it again and repeat your change.' },
  'CNT-000003': { status: 428, title: 'Send the header If-Match with the ETag that you read.' },
  'CNT-000004': { status: 400, title: 'The fragment cannot be published.' },
  'KEY-000001': { status: 404, title: 'No such key is in force.' },
  'KEY-000002': { status: 400, title: 'The organisation has no such sandbox; create it first.' },
  'OPS-000001': { status: 404, title: 'No such dead letter in this sandbox.' },
  'OPS-000002': { status: 409, title: 'The message is no dead letter any more.' },
  'OPS-000003': { status: 409, title: 'The message may have been delivered; say includeUnknown to send it again.' },
  'OPS-000004': { status: 409, title: 'The message would be canceled at once if it were sent again now.' },
  'OPS-000005': { status: 409, title: 'The data of the recipient was erased; the message cannot be sent again.' },
  'OPS-000006': { status: 400, title: 'An empty filter means every dead letter; say all: true if that is meant.' },
  'OPS-000007': { status: 404, title: 'No such brake is in force.' },
  'OPS-000008': { status: 400, title: 'Too many messages to count; ask for a shorter span.' },
  'PRF-000001': { status: 404, title: 'No such profile in this sandbox.' },
  'PRF-000002': { status: 409, title: "This is the profile's last identity; delete the profile instead." },
  'AUD-000001': { status: 404, title: 'No such audience in this sandbox.' },
  'AUD-000002': { status: 409, title: 'This audience name is already taken.' },
  'AUD-000003': {
    status: 409,
    title: 'An audience stays what it is: a rule has no list of members, and a list no rule.',
  },
  'AUD-000004': { status: 409, title: 'A live campaign or an execution under way needs this audience.' },
  'CSV-000001': { status: 400, title: 'The file is empty or has no heading line.' },
  'CSV-000002': { status: 415, title: 'The file is neither CSV nor NDJSON.' },
  'CSV-000003': { status: 400, title: 'The file is not UTF-8 (or UTF-16 with a byte order mark).' },
  'CSV-000004': { status: 400, title: 'The columns of the file are not known, or do not say who a row is.' },
  'CSV-000005': { status: 400, title: 'The row cannot be read.' },
  'CSV-000006': { status: 404, title: 'No such import in this sandbox.' },
  'CSV-000007': { status: 409, title: 'The import is complete; make another one.' },
  'CSV-000008': { status: 400, title: 'The row has a value that is not allowed.' },
  'CSV-000009': { status: 409, title: 'Another upload of this import took over.' },
  'SUP-000001': { status: 404, title: 'This is not on the list.' },
  'SUP-000002': { status: 404, title: 'No such upload job in this sandbox.' },
  'SUP-000003': { status: 409, title: 'The allowed list would get over 1,000 entries; list domains, or remove some.' },
  'SUP-000004': { status: 400, title: 'The form cannot be read; send one CSV file in the field file.' },
  'SIM-000001': { status: 400, title: 'The campaign has no channel action yet; there is nothing to preview.' },
  'SIM-000002': { status: 400, title: 'The content has errors; correct what additionalContext lists.' },
  'SIM-000003': { status: 404, title: 'No such profile in this sandbox; send profileAttributes to do without one.' },
  'SIM-000004': { status: 400, title: 'The content cannot be rendered with this data.' },
  'SIM-000005': { status: 404, title: 'No such proof of this campaign.' },
  'SIM-000006': { status: 400, title: 'The campaign has errors that block a proof.' },
  'SIM-000007': { status: 400, title: 'A file of samples has 1 to 30 of them.' },
  'FBK-000001': { status: 400, title: 'This is no SNS message that can be read.' },
  'FBK-000002': { status: 403, title: 'The message is not signed by Amazon SNS.' },
  'FBK-000003': { status: 403, title: 'The topic of the message is not on the list of this account.' },
  'FBK-000004': { status: 403, title: 'The message was made more than a day ago, or in the future.' },
  'FBK-000005': { status: 503, title: 'The certificate of Amazon SNS cannot be fetched now; send the message again.' },
  'WHK-000001': { status: 404, title: 'This sandbox has no webhook.' },
  'WHK-000002': { status: 409, title: 'This sandbox has its webhook already; change that one.' },
  'WHK-000003': { status: 400, title: 'A webhook cannot have this address.' },
  'WHK-000004': { status: 400, title: 'This authentication needs a secret.' },
} as const satisfies Record<string, { status: number; title: string }>;
export type ApiErrorCode = keyof typeof API_ERRORS;

const ERROR_TYPE_BASE = 'https://outrigger.dev/errors';

/** The wire shape of an error (spec 6.3). Values of additionalContext are strings of at most 200 characters. */
export type ErrorBody = {
  type: string;
  title: string;
  status: number;
  report: { additionalContext: Record<string, string> };
};

/** A refusal as a value: which code, a title that says what to do, and what it concerns. */
export type Refusal = {
  code: ApiErrorCode;
  title: string;
  context: Record<string, string>;
  /** When asking again makes sense; becomes the Retry-After header. */
  retryAfterSeconds?: number;
};

export function refuse(code: ApiErrorCode, title?: string, context: Record<string, string> = {}): Refusal {
  return { code, title: title ?? API_ERRORS[code].title, context };
}

const MAX_TITLE = 300;
const MAX_CONTEXT_VALUE = 200;

/**
 * The body that answers a refusal. Titles and context values may hold what the caller sent: control characters are
 * replaced and long ones are cut, so that an answer is always short and can always be shown.
 */
export function errorBody(refusal: Refusal): ErrorBody {
  const status = API_ERRORS[refusal.code].status;
  const additionalContext: Record<string, string> = {};
  for (const [name, value] of Object.entries(refusal.context)) {
    additionalContext[name] = presentable(value, MAX_CONTEXT_VALUE);
  }
  return {
    type: `${ERROR_TYPE_BASE}/${refusal.code}-${status}`,
    title: presentable(refusal.title, MAX_TITLE),
    status,
    report: { additionalContext },
  };
}

/** Cut first, so that the cost is bounded; a cut inside a surrogate pair leaves a half, which toWellFormed replaces. */
function presentable(text: string, maxLength: number): string {
  return text
    .slice(0, maxLength)
    .replace(/\p{Cc}/gu, ' ')
    .toWellFormed();
}
