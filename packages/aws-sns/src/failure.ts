import { answerWith, networkCode, type RefusalCode, type SendResult, type UnknownCode } from '@outrigger/core';

/** A channel's own reading of SNS: what its error codes mean, and what a refused parameter by name means. */
export type SnsTables = {
  codes: Readonly<Record<string, RefusalCode | UnknownCode>>;
  parameters: Readonly<Record<string, RefusalCode>>;
};

/** What the SDK throws: an answer of SNS with its status, and its code when the body could be read; else Node's error. */
type SnsError = Error & {
  Code?: string;
  code?: string;
  syscall?: string;
  $metadata?: { httpStatusCode?: number };
  $response?: { headers?: Record<string, string> };
};

/** What a failed call of SNS means for the message (reliability 5.4). Certain only where nothing can have been taken. */
export function classifySnsFailure(thrown: unknown, signal: AbortSignal, tables: SnsTables): SendResult {
  const error: SnsError = thrown instanceof Error ? thrown : new Error(String(thrown));
  const status = error.$metadata?.httpStatusCode;
  if (status === undefined) {
    return answerWith(connectionCode(error, signal), error.code ?? error.name, { detail: error.message });
  }
  const extra = { detail: error.message, retryAfterMs: retryAfterMs(error) };
  return answerWith(answerCode(error, status, tables), error.Code ?? `HTTP ${status}`, extra);
}

function answerCode(error: SnsError, status: number, tables: SnsTables): RefusalCode | UnknownCode {
  // A code is an error document, whatever its status. Without one only the status speaks.
  const name = error.Code ?? '';
  if (name === 'InvalidParameter') return parameterCode(error.message, tables);
  if (Object.hasOwn(tables.codes, name)) return tables.codes[name]!;
  if (status < 300 || status >= 500) return 'ambiguous.response';
  if (status === 429) return 'transient.throttled';
  if (status === 401 || status === 403) return 'transient.configuration';
  return 'transient.refused';
}

function parameterCode(message: string, tables: SnsTables): RefusalCode {
  const parameter = /^Invalid parameter: ([\w.]+)/.exec(message)?.[1] ?? '';
  return Object.hasOwn(tables.parameters, parameter) ? tables.parameters[parameter]! : 'permanent.content';
}

/** The only text the SDK gives a connect timeout; it sets no code. */
const CONNECT_TIMEOUT = /did not establish a connection/;

function connectionCode(error: SnsError, signal: AbortSignal): RefusalCode | UnknownCode {
  // Raised before anything is sent: there is nobody to sign as.
  if (error.name === 'CredentialsProviderError') return 'transient.configuration';
  if (CONNECT_TIMEOUT.test(error.message)) return 'transient.unavailable';
  const network = networkCode(error);
  if (network === 'transient.unavailable') return network;
  // Before the other connection errors: an abort in the middle of an answer may show as a reset.
  if (signal.aborted) return 'ambiguous.timeout';
  // Node's HTTP parser: something answered that is not HTTP.
  if (error.code?.startsWith('HPE_')) return 'ambiguous.response';
  if (network) return network;
  return error.name === 'TimeoutError' ? 'ambiguous.timeout' : 'ambiguous.connection_lost';
}

/** `Retry-After` in seconds (RFC 9110 section 10.2.3); AWS does not use its date form. */
function retryAfterMs(error: SnsError): number | undefined {
  const seconds = Number(error.$response?.headers?.['retry-after']);
  return seconds > 0 ? seconds * 1_000 : undefined;
}
