import type { RefusalCode, UnknownCode } from '@outrigger/core';

/**
 * What SES says, by error name, and what it means (reliability 5.4). Names: "Errors" of SendEmail and SendBulkEmail, and
 * "Common Errors", in the Amazon SES API v2 reference; those of the API of 2010-12-01 too, which emulators and gateways use.
 */
export const SES_CODES = {
  // Sending too fast. "Daily message quota exceeded" has the same name and is told apart below.
  Throttling: 'transient.throttled',
  ThrottlingException: 'transient.throttled',
  TooManyRequestsException: 'transient.throttled',
  RequestThrottled: 'transient.throttled',
  LimitExceededException: 'transient.throttled',
  LimitExceeded: 'transient.throttled',

  // Wrong with the account, not with the message: every message would meet it, so they wait for a person.
  AccountSendingPausedException: 'transient.configuration',
  ConfigurationSetSendingPausedException: 'transient.configuration',
  ConfigurationSetDoesNotExistException: 'transient.configuration',
  ConfigurationSetDoesNotExist: 'transient.configuration',
  MailFromDomainNotVerifiedException: 'transient.configuration',
  FromEmailAddressNotVerifiedException: 'transient.configuration',
  ProductionAccessNotGrantedException: 'transient.configuration',
  AccountSuspended: 'transient.configuration',
  AccountSuspendedException: 'transient.configuration',
  SendingPausedException: 'transient.configuration',
  AccessDenied: 'transient.configuration',
  AccessDeniedException: 'transient.configuration',
  ExpiredToken: 'transient.configuration',
  ExpiredTokenException: 'transient.configuration',
  IncompleteSignature: 'transient.configuration',
  InvalidClientTokenId: 'transient.configuration',
  MissingAuthenticationToken: 'transient.configuration',
  NotAuthorized: 'transient.configuration',
  OptInRequired: 'transient.configuration',
  SignatureDoesNotMatch: 'transient.configuration',
  UnrecognizedClientException: 'transient.configuration',
  // Our clock is off. It is put right by the answer, so the next attempt goes through.
  RequestExpired: 'transient.refused',
  RequestTimeTooSkewed: 'transient.refused',

  // A configuration set, identity or template that is not there. Version 2 has one name for all of them.
  NotFoundException: 'transient.configuration',

  // Wrong with this message.
  MessageRejected: 'permanent.content',
  InvalidParameterValue: 'permanent.content',
  InvalidParameterCombination: 'permanent.content',
  MissingParameter: 'permanent.content',
  ValidationError: 'permanent.content',
  BadRequest: 'permanent.content',
  BadRequestException: 'permanent.content',

  // SES had an error of its own and does not say whether it took the message.
  InternalFailure: 'ambiguous.response',
  InternalServerError: 'ambiguous.response',
  InternalServiceErrorException: 'ambiguous.response',
  ServiceUnavailable: 'ambiguous.response',
  ServiceUnavailableException: 'ambiguous.response',
} as const satisfies Record<string, RefusalCode | UnknownCode>;

/**
 * What SES says of one recipient of a bulk call ("Status" of BulkEmailEntryResult in the API v2 reference). A status is an answer
 * about this recipient: all but SUCCESS say that SES did not take the message, though FAILED does not say why.
 */
export const SES_ENTRY_CODES = {
  ACCOUNT_THROTTLED: 'transient.throttled',
  ACCOUNT_DAILY_QUOTA_EXCEEDED: 'transient.configuration',
  ACCOUNT_SENDING_PAUSED: 'transient.configuration',
  ACCOUNT_SUSPENDED: 'transient.configuration',
  CONFIGURATION_SET_NOT_FOUND: 'transient.configuration',
  CONFIGURATION_SET_SENDING_PAUSED: 'transient.configuration',
  INVALID_SENDING_POOL_NAME: 'transient.configuration',
  MAIL_FROM_DOMAIN_NOT_VERIFIED: 'transient.configuration',
  // We name no stored template; an account that answers so is not set up as we think.
  TEMPLATE_NOT_FOUND: 'transient.configuration',
  TRANSIENT_FAILURE: 'transient.refused',
  MESSAGE_REJECTED: 'permanent.content',
  INVALID_PARAMETER: 'permanent.content',
  // "Unable to process your request", no more: the careful reading.
  FAILED: 'ambiguous.response',
} as const satisfies Record<string, RefusalCode | UnknownCode>;

export function codeOfEntry(status: string): RefusalCode | UnknownCode {
  return Object.hasOwn(SES_ENTRY_CODES, status)
    ? SES_ENTRY_CODES[status as keyof typeof SES_ENTRY_CODES]
    : 'ambiguous.response';
}

/** The class of an answer whose name is not in the table, by HTTP status. */
export function codeOfStatus(status: number): RefusalCode | UnknownCode {
  if (status === 429) return 'transient.throttled';
  if (status === 400 || status === 413) return 'permanent.content';
  // Not found, not allowed, redirected: whoever answered is not SES, or does not know us. Nobody took the message.
  if (status >= 300 && status < 500) return 'transient.configuration';
  // Also a 2xx that could not be read.
  return 'ambiguous.response';
}

/**
 * Two names mean different things and only their text tells which. `MessageRejected: Email address is not verified`
 * names the addresses that failed: the recipient (an account still in the SES sandbox) or our sender.
 */
export function refineSesCode(name: string, text: string, recipient: string): RefusalCode | UnknownCode | undefined {
  if (!Object.hasOwn(SES_CODES, name)) return undefined;
  const code = SES_CODES[name as keyof typeof SES_CODES];
  if (code === 'transient.throttled' && /daily message quota/i.test(text)) return 'transient.configuration';
  if (name === 'MessageRejected' && /address(es)? (is|are) not verified/i.test(text)) {
    return text.toLowerCase().includes(recipient.toLowerCase()) ? 'permanent.recipient' : 'transient.configuration';
  }
  return code;
}
