import type { Described, Option } from './command.ts';

const ENVIRONMENT = `Environment:
  OUTRIGGER_KEY, OUTRIGGER_SECRET      an API key: read to look, manage to change, operate for lanes and providers
  OUTRIGGER_ORG, OUTRIGGER_SANDBOX     whose messages
  OUTRIGGER_URL                        control service (http://127.0.0.1:8081)
  OUTRIGGER_INGRESS_URL                ingress (http://127.0.0.1:8080)

Exit codes: 0 done, 1 refused, 2 account found lost messages, 64 wrong usage or not confirmed,
69 the service cannot be reached, 78 the environment is not complete.`;

/** Every command in a line. */
export function overview(commands: Described[]): string {
  const lines = commands.map((command) => [
    `outrigger ${command.words.join(' ')} ${command.operands}`.trimEnd(),
    command.summary,
  ]);
  const width = Math.max(...lines.map(([usage]) => usage!.length));
  const list = lines.map(([usage, summary]) => `  ${usage!.padEnd(width)}  ${summary}`).join('\n');
  return `Usage:\n${list}\n\nEvery command takes --help, and --json for the service's own answer.\n\n${ENVIRONMENT}`;
}

export function commandHelp(command: Described): string {
  const options = Object.entries<Option>({
    ...command.options,
    json: { type: 'boolean', help: "The service's own answer" },
  }).map(([name, { type, help }]) => [type === 'string' ? `--${name} <value>` : `--${name}`, help]);
  const width = Math.max(...options.map(([name]) => name!.length));
  return [
    `Usage: outrigger ${command.words.join(' ')} ${command.operands} [options]`.replace(/ {2,}/g, ' '),
    command.help ? `${command.summary}.\n\n${command.help}` : `${command.summary}.`,
    `Options:\n${options.map(([name, help]) => `  ${name!.padEnd(width)}  ${help}`).join('\n')}`,
    ENVIRONMENT,
  ].join('\n\n');
}
