import { parseArgs } from 'node:util';
import { createClient } from './client.ts';
import type { Command, Report, StandaloneCommand } from './command.ts';
import { ACCOUNT_COMMANDS } from './commands/account.ts';
import { BRAKE_COMMANDS } from './commands/brake.ts';
import { DLQ_COMMANDS } from './commands/dlq.ts';
import { DOCTOR } from './commands/doctor.ts';
import { KEY_COMMANDS } from './commands/keys.ts';
import { PROFILE_COMMANDS } from './commands/profiles.ts';
import { REDRIVE_COMMANDS } from './commands/redrive.ts';
import { WEBHOOK_COMMANDS } from './commands/webhook.ts';
import { readConfig } from './config.ts';
import { EXIT, type Problem, usage } from './exit-codes.ts';
import { commandHelp, overview } from './help.ts';

export type Ended = { exitCode: number; out: string; err: string };

export const COMMANDS: (Command | StandaloneCommand)[] = [
  ...DLQ_COMMANDS,
  ...REDRIVE_COMMANDS,
  ...BRAKE_COMMANDS,
  ...ACCOUNT_COMMANDS,
  ...PROFILE_COMMANDS,
  ...KEY_COMMANDS,
  ...WEBHOOK_COMMANDS,
  DOCTOR,
];

/** Runs one command line. What is asked for goes to `out`, and why it could not be done to `err`. */
export async function run(
  args: string[],
  env: NodeJS.ProcessEnv,
  progress: (line: string) => void = () => {},
): Promise<Ended> {
  const command = COMMANDS.filter(({ words }) => words.every((word, place) => args[place] === word))[0];
  if (!command) return withoutCommand(args);
  const typed = readArguments(command, args.slice(command.words.length));
  if ('problem' in typed) return failed(typed.problem);
  const { values, positionals } = typed;
  if (values.help) return { exitCode: EXIT.done, out: commandHelp(command), err: '' };
  if (command.operands === '' && positionals.length > 0) {
    return failed(usage(`outrigger ${command.words.join(' ')} takes no ${positionals[0]}.`).problem);
  }
  if ('runStandalone' in command) {
    const result = await command.runStandalone({ options: values, env });
    return 'problem' in result ? failed(result.problem) : reported(result, values.json === true);
  }
  const read = readConfig(env);
  if ('problems' in read) {
    const lines = read.problems.map((problem) => `  ${problem}`);
    return { exitCode: EXIT.config, out: '', err: `The environment is not complete:\n${lines.join('\n')}` };
  }
  const client = createClient(read.config);
  const line = { operands: positionals, options: plain(values), client, nowMs: Date.now(), progress };
  const result = await command.run(line);
  return 'problem' in result ? failed(result.problem) : reported(result, values.json === true);
}

/** Only the standalone commands have options that may be repeated. */
function plain(values: Record<string, string | boolean | (string | boolean)[] | undefined>) {
  return values as Record<string, string | boolean | undefined>;
}

function readArguments(command: Command | StandaloneCommand, args: string[]) {
  const options = Object.fromEntries(
    Object.entries(command.options).map(([name, { type, multiple = false }]) => [name, { type, multiple }]),
  );
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: { ...options, json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
    });
  } catch (error) {
    const text = `${(error as Error).message}\nSee: outrigger ${command.words.join(' ')} --help`;
    return { problem: { exitCode: EXIT.usage, text } };
  }
}

function withoutCommand(args: string[]): Ended {
  const words = args.filter((arg) => !arg.startsWith('-'));
  const within = COMMANDS.filter((command) => words.length > 0 && command.words[0] === words[0]);
  const help = overview(within.length > 0 ? within : COMMANDS);
  // Nothing, an option, or the first word of commands: who types that wants to know what there is.
  if (words.length === 0 || (within.length > 0 && words.length === 1)) {
    return { exitCode: EXIT.done, out: help, err: '' };
  }
  return { exitCode: EXIT.usage, out: '', err: `There is no command ${words.slice(0, 2).join(' ')}.\n\n${help}` };
}

function reported({ body, text, exitCode = EXIT.done }: Report, json: boolean): Ended {
  return { exitCode, out: json ? JSON.stringify(body, null, 2) : text, err: '' };
}

function failed({ exitCode, text }: Problem): Ended {
  return { exitCode, out: '', err: text };
}
