import type { RefusalCode, UnknownCode } from '@outrigger/core';

/**
 * SNS error codes (API reference of Publish, and the errors common to all actions) and what each means for a message.
 * Codes that are not here go by their HTTP status: see `failure.ts` of aws-sns.
 */
export const SNS_CODES = {
  Throttled: 'transient.throttled',
  Throttling: 'transient.throttled',
  ThrottlingException: 'transient.throttled',
  RequestLimitExceeded: 'transient.throttled',
  TooManyRequestsException: 'transient.throttled',
  KMSThrottling: 'transient.throttled',

  // The person texted STOP: the carrier rules forbid any further message.
  OptedOut: 'permanent.recipient',

  // The account cannot send now (monthly spend limit, quotas, rights, keys): its messages wait for its owner.
  QuotaExceeded: 'transient.configuration',
  LimitExceeded: 'transient.configuration',
  ServiceQuotaExceededException: 'transient.configuration',
  AccessDenied: 'transient.configuration',
  AccessDeniedException: 'transient.configuration',
  AuthorizationError: 'transient.configuration',
  ExpiredToken: 'transient.configuration',
  ExpiredTokenException: 'transient.configuration',
  IncompleteSignature: 'transient.configuration',
  InvalidClientTokenId: 'transient.configuration',
  InvalidSecurity: 'transient.configuration',
  MissingAuthenticationToken: 'transient.configuration',
  NotAuthorized: 'transient.configuration',
  OptInRequired: 'transient.configuration',
  SignatureDoesNotMatch: 'transient.configuration',
  UnrecognizedClientException: 'transient.configuration',
  UserError: 'transient.configuration',
  KMSAccessDenied: 'transient.configuration',
  KMSDisabled: 'transient.configuration',
  KMSInvalidState: 'transient.configuration',
  KMSNotFound: 'transient.configuration',
  KMSOptInRequired: 'transient.configuration',

  // Our clock is off. It is put right by the answer, so the next attempt goes through.
  RequestExpired: 'transient.refused',

  ParameterValueInvalid: 'permanent.content',
  ValidationException: 'permanent.content',
  ValidationError: 'permanent.content',

  // The service broke while it worked on the request: nobody says how far it came.
  InternalError: 'ambiguous.response',
  InternalFailure: 'ambiguous.response',
  ServiceUnavailable: 'ambiguous.response',
} as const satisfies Record<string, RefusalCode | UnknownCode>;

/**
 * `InvalidParameter` by the parameter it names ("Invalid parameter: PhoneNumber Reason: ..."). A parameter that is not
 * here is a matter of content.
 */
export const SNS_PARAMETERS = {
  PhoneNumber: 'permanent.recipient',
  // The sender belongs to the channel configuration: no message of it can go out until it is put right.
  SenderId: 'transient.configuration',
  SenderID: 'transient.configuration',
  OriginationNumber: 'transient.configuration',
  'AWS.SNS.SMS.SenderID': 'transient.configuration',
  'AWS.MM.SMS.OriginationNumber': 'transient.configuration',
} as const satisfies Record<string, RefusalCode>;

export const SNS_TABLES = { codes: SNS_CODES, parameters: SNS_PARAMETERS };
