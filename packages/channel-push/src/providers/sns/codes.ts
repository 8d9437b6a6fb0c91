import type { RefusalCode, UnknownCode } from '@outrigger/core';

/**
 * SNS error codes (API reference of Publish and CreatePlatformEndpoint, and the errors common to all actions) and what
 * each means for a message. Codes that are not here go by their HTTP status: see `failure.ts` of aws-sns.
 */
export const SNS_CODES = {
  Throttled: 'transient.throttled',
  Throttling: 'transient.throttled',
  ThrottlingException: 'transient.throttled',
  RequestLimitExceeded: 'transient.throttled',
  TooManyRequestsException: 'transient.throttled',
  KMSThrottling: 'transient.throttled',

  // APNs or FCM told SNS that the token is dead.
  EndpointDisabled: 'permanent.recipient',
  // The endpoint was deleted since we learned of it: it is made anew on the next attempt.
  NotFound: 'transient.refused',

  // The account or the app's credentials cannot send now: its messages wait for its owner.
  PlatformApplicationDisabled: 'transient.configuration',
  QuotaExceeded: 'transient.configuration',
  LimitExceeded: 'transient.configuration',
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
 * `InvalidParameter` by the parameter it names ("Invalid parameter: Token Reason: ..."). A parameter that is not here is
 * a matter of content.
 */
export const SNS_PARAMETERS = {
  Token: 'permanent.recipient',
  PlatformApplicationArn: 'transient.configuration',
  // "TargetArn Reason: No endpoint found for the target arn specified": deleted, as NotFound above.
  TargetArn: 'transient.refused',
} as const satisfies Record<string, RefusalCode>;

export const SNS_TABLES = { codes: SNS_CODES, parameters: SNS_PARAMETERS };
