/** How the command ended, for scripts. From 64 on they are those of sysexits.h. */
export const EXIT = {
  done: 0,
  /** The service refused: what was asked is wrong, not there, or not allowed. */
  refused: 1,
  /** `account` found lost messages. */
  lost: 2,
  /** The command line is wrong, or a mass change was not confirmed. */
  usage: 64,
  /** The service could not be reached, or could not answer. */
  unavailable: 69,
  /** The environment is not complete. */
  config: 78,
} as const;

/** Why a command did not do what was asked, in words for a person. */
export type Problem = { exitCode: number; text: string };

export function usage(text: string): { problem: Problem } {
  return { problem: { exitCode: EXIT.usage, text } };
}
