import type { ApiErrorCode } from '@outrigger/core';

/** The file as a whole cannot be read (on). What was read of it before stays. */
export class BadFile extends Error {
  readonly code: ApiErrorCode;

  constructor(code: ApiErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
