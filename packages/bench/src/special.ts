import type { SystemOptions } from './system.ts';

/** One figure of a scenario that is not a plain load, against its goal. */
export type Figure = { name: string; value: number; unit: string; goal?: number; better: 'higher' | 'lower' };
export type SpecialResult = { figures: Figure[]; problems: string[]; versions: Record<string, string> };

/** A scenario with a course of its own. */
export type Special = {
  name: string;
  title: string;
  run(options: SpecialOptions): Promise<SpecialResult>;
};

export type SpecialOptions = Omit<SystemOptions, 'providerUrl'> & {
  warmUpSeconds: number;
  seconds: number;
  connections: number;
  outstanding: number;
  /** Messages that wait, rows that the ledger holds already, or people. */
  size: number | undefined;
  say(line: string): void;
};
