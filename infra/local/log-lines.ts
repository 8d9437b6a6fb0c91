import { styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];

const levels: Readonly<Record<number, { readonly name: string; readonly style: Style }>> = {
  10: { name: 'trace', style: 'dim' },
  20: { name: 'debug', style: 'dim' },
  30: { name: 'info', style: 'green' },
  40: { name: 'WARN', style: 'yellow' },
  50: { name: 'ERROR', style: 'red' },
  60: { name: 'FATAL', style: 'red' },
};
const sourceStyles: readonly Style[] = ['cyan', 'magenta', 'blue', 'yellow', 'green', 'gray'];
/** Fields of every line that say nothing new on a developer's own screen. */
const hiddenFields = new Set(['level', 'time', 'msg', 'pid', 'hostname', 'name', 'service', 'v', 'err', 'event']);
const longestValue = 120;

export type LineStyle = {
  readonly colour: boolean;
  /** Names are padded to this width. */
  readonly sourceWidth: number;
  /** Lines below this pino level are dropped; text that is not a log line never is. */
  readonly leastLevel: number;
};

/**
 * Turns one line of a process into what the screen shows: `10:00:01.123 ingress  info  message key=value`. A pino line is
 * taken apart; any other text is shown as it is behind the same prefix. Undefined: the line is not to be shown.
 */
export function formatLine(source: string, sourceIndex: number, line: string, style: LineStyle): string | undefined {
  const paint = (paintStyle: Style, text: string) =>
    style.colour ? styleText(paintStyle, text, { validateStream: false }) : text;
  const name = paint(sourceStyles[sourceIndex % sourceStyles.length]!, source.padEnd(style.sourceWidth));
  const entry = parseLogLine(line);
  if (entry === undefined) return `${' '.repeat(12)} ${name}        ${line}`;
  const levelNumber = Number(entry.level);
  if (levelNumber < style.leastLevel) return undefined;
  const level = levels[levelNumber] ?? { name: String(entry.level), style: 'white' };
  const words = [
    paint('dim', clockTime(entry.time)),
    name,
    paint(level.style, level.name.padEnd(6)),
    String(entry.msg ?? entry.event ?? ''),
  ];
  for (const [key, value] of Object.entries(entry)) {
    if (!hiddenFields.has(key)) words.push(paint('dim', `${key}=${shortValue(value)}`));
  }
  return words.join(' ') + describeError(entry.err);
}

/** A pino line, or undefined when the text is something else. */
export function parseLogLine(line: string): Record<string, unknown> | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && 'level' in value ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

function clockTime(time: unknown): string {
  const date = new Date(typeof time === 'number' || typeof time === 'string' ? time : Number.NaN);
  if (Number.isNaN(date.getTime())) return ' '.repeat(12);
  const two = (value: number, width = 2) => String(value).padStart(width, '0');
  const clock = [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) => two(part)).join(':');
  return `${clock}.${two(date.getMilliseconds(), 3)}`;
}

function shortValue(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > longestValue ? `${text.slice(0, longestValue)}...` : text;
}

function describeError(error: unknown): string {
  if (typeof error !== 'object' || error === null) return '';
  const { stack, message } = error as { stack?: unknown; message?: unknown };
  const text = String(stack ?? message ?? JSON.stringify(error));
  return `\n${text.replace(/^/gm, '    ')}`;
}
