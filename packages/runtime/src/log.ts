import { pino } from 'pino';

export type Log = pino.Logger;

/**
 * JSON lines on stdout. Every line names its service and an `event`. Callers pass known-safe fields only: ids, codes,
 * counts and durations; never addresses, content or secrets (reliability S61).
 */
export function createLog(service: string, level: string): Log {
  return pino({
    level,
    base: { service, pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
  });
}

/** The part of an error that is safe to log: its name, code and the first line of its message. */
export function errorFields(error: unknown): { error: string; error_code?: string; stack?: string } {
  if (!(error instanceof Error)) return { error: String(error).slice(0, 200) };
  const code = 'code' in error ? String(error.code) : undefined;
  return {
    error: `${error.name}: ${error.message.split('\n')[0]}`.slice(0, 300),
    ...(code && { error_code: code }),
    ...(error.stack && { stack: error.stack.split('\n').slice(1, 6).join(' | ') }),
  };
}
