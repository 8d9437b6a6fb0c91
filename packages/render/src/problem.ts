/** Something wrong with a part's source, told to its author. */
export type ContentProblem = {
  part: string;
  level: 'ERROR' | 'WARNING';
  /** `TPL-0001` syntax, `-0002` forbidden tag or filter, `-0003` limits, `-0004` markup, `-0005` unsafe URL, `-0006` MJML, `-0007` fragments. */
  code: string;
  /** Says what to do. */
  message: string;
  line?: number;
};

/** A problem before it is known which part it belongs to. */
export type Finding = Omit<ContentProblem, 'part'>;
export type FindingCode = 'TPL-0001' | 'TPL-0002' | 'TPL-0003' | 'TPL-0004' | 'TPL-0005' | 'TPL-0006' | 'TPL-0007';

export function error(code: FindingCode, message: string, line?: number): Finding {
  return { level: 'ERROR', code, message, line };
}

export function warning(code: FindingCode, message: string, line?: number): Finding {
  return { level: 'WARNING', code, message, line };
}

/** A tag or snippet as quoted in a message: one line, not too long. */
export function quoted(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > 80 ? `${line.slice(0, 77)}...` : line;
}
