import { type HttpAnswer, readQueryError, retryAfterMs } from '@outrigger/aws-request';
import { answerWith, type RefusalCode, type SendResult, type UnknownCode } from '@outrigger/core';

/** A channel's own reading of SNS: what its error codes mean, and what a refused parameter by name means. */
export type SnsTables = {
  codes: Readonly<Record<string, RefusalCode | UnknownCode>>;
  parameters: Readonly<Record<string, RefusalCode>>;
};

/** What an answer that is no yes means for the message (reliability 5.4), and SNS's own words about it. */
export function refusalOf(answer: HttpAnswer, tables: SnsTables): { failure: SendResult; message: string } {
  // A code is an error document, whatever its status. Without one only the status speaks.
  const error = readQueryError(answer.body);
  const code = error ? codeOf(error.code, error.message, answer.status, tables) : codeOfStatus(answer.status);
  const message = error?.message ?? '';
  const extra = { detail: message || (error?.code ?? `HTTP ${answer.status}`), retryAfterMs: retryAfterMs(answer) };
  return { failure: answerWith(code, error?.code ?? `HTTP ${answer.status}`, extra), message };
}

function codeOf(name: string, message: string, status: number, tables: SnsTables): RefusalCode | UnknownCode {
  if (name === 'InvalidParameter') return parameterCode(message, tables);
  return Object.hasOwn(tables.codes, name) ? tables.codes[name]! : codeOfStatus(status);
}

function codeOfStatus(status: number): RefusalCode | UnknownCode {
  if (status < 300 || status >= 500) return 'ambiguous.response';
  if (status === 429) return 'transient.throttled';
  if (status === 401 || status === 403) return 'transient.configuration';
  return 'transient.refused';
}

function parameterCode(message: string, tables: SnsTables): RefusalCode {
  const parameter = /^Invalid parameter: ([\w.]+)/.exec(message)?.[1] ?? '';
  return Object.hasOwn(tables.parameters, parameter) ? tables.parameters[parameter]! : 'permanent.content';
}
