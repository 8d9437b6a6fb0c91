import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const ROOT = join(import.meta.dirname, '..', '..');
const runFile = promisify(execFile);

/** The stack of docker-compose.yml under a name of its own, with the tools to look at it and to hurt it. */
export type ComposeProject = {
  /** Runs a compose command on the project and returns what it printed to stdout. Throws with everything it printed. */
  compose(...args: string[]): Promise<string>;
  docker(...args: string[]): Promise<string>;
  /** Ids of a service's containers, stopped ones too; of every service when none is named. */
  containers(service?: string): Promise<string[]>;
  inspect(id: string): Promise<Container>;
  /** The JSON lines that a container logged. */
  logLines(id: string): Promise<Record<string, unknown>[]>;
  /** One statement on the ledger; its rows as text, columns parted by `|`. */
  sql(statement: string): Promise<string[]>;
};

/** What `docker inspect` says, as far as it is looked at here. */
export type Container = {
  Config: { User: string; Hostname: string; Labels: Record<string, string> };
  HostConfig: { ReadonlyRootfs: boolean; CapDrop: string[] | null; PortBindings: Record<string, unknown> | null };
  State: {
    Running: boolean;
    Restarting: boolean;
    ExitCode: number;
    StartedAt: string;
    FinishedAt: string;
    Health?: { Status: 'starting' | 'healthy' | 'unhealthy' };
  };
};

/** Prepares a project; nothing is started yet. `environment` is what the compose file reads. */
export async function composeProject(name: string, environment: Record<string, string>): Promise<ComposeProject> {
  const env = { ...process.env, ...environment };
  const [command, ...first] = await findCompose();
  const project: ComposeProject = {
    compose: (...args) =>
      run(command!, [...first, '-f', join(ROOT, 'docker-compose.yml'), '--project-name', name, ...args], env),
    docker: (...args) => run('docker', args, env),
    async containers(service) {
      const filters = [`label=com.docker.compose.project=${name}`, 'label=com.docker.compose.oneoff=False'];
      if (service) filters.push(`label=com.docker.compose.service=${service}`);
      const ids = await project.docker('ps', '-aq', '--no-trunc', ...filters.flatMap((filter) => ['--filter', filter]));
      return ids.split('\n').filter(Boolean);
    },
    async inspect(id) {
      return (JSON.parse(await project.docker('inspect', id)) as Container[])[0]!;
    },
    async logLines(id) {
      const lines = (await project.docker('logs', id)).split('\n').filter((line) => line.startsWith('{'));
      return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    },
    async sql(statement) {
      const [postgres] = await project.containers('postgres');
      const psql = ['psql', '--username=outrigger', '--no-align', '--tuples-only', '--command', statement, 'outrigger'];
      return (await project.docker('exec', postgres!, ...psql)).split('\n').filter(Boolean);
    },
  };
  return project;
}

/** Compose v2 is a plugin of docker, 1.29 a program of its own. */
async function findCompose(): Promise<string[]> {
  for (const command of [['docker', 'compose'], ['docker-compose']]) {
    const [file, ...args] = [...command, 'version'];
    if (await runFile(file!, args).catch(() => undefined)) return command;
  }
  throw new Error('neither `docker compose` nor `docker-compose` is installed');
}

async function run(command: string, args: string[], env: NodeJS.ProcessEnv): Promise<string> {
  try {
    return (await runFile(command, args, { cwd: ROOT, env, maxBuffer: 256 * 1024 * 1024 })).stdout;
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    const tail = `${stdout}\n${stderr}`.trim().split('\n').slice(-60).join('\n');
    throw new Error(`${command} ${args.join(' ')} failed:\n${tail}`, { cause: error });
  }
}
