/** Where a finding comes from (spec 5.3). The compatible list has more; these are the ones that exist here. */
export type ErrorSource = 'CAMPAIGN' | 'PACKAGE' | 'MESSAGE' | 'SURFACE';
export type Level = 'ERROR' | 'WARNING' | 'INFO';

/** One finding of the validation report (spec 5.3). Errors block activation; warnings and information do not. */
export type Finding = {
  level: Level;
  source: ErrorSource;
  /** Stable, for programs: `schedule.end_past`, `TPL-0001`. */
  code: string;
  /** Says what to do. */
  message: string;
};

export const error = (source: ErrorSource, code: string, message: string): Finding => ({
  level: 'ERROR',
  source,
  code,
  message,
});
export const warning = (source: ErrorSource, code: string, message: string): Finding => ({
  level: 'WARNING',
  source,
  code,
  message,
});
export const information = (source: ErrorSource, code: string, message: string): Finding => ({
  level: 'INFO',
  source,
  code,
  message,
});

/** Whether something in the findings blocks activation. */
export function isBlocked(findings: readonly Finding[]): boolean {
  return findings.some(({ level }) => level === 'ERROR');
}
