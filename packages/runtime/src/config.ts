import { tracingConfig } from '@outrigger/tracing';
import { z } from 'zod';

/** Ends a process whose configuration is wrong (sysexits EX_CONFIG), so that a supervisor can tell it from a crash. */
export const EXIT_CONFIG = 78;

/**
 * Reads a service's configuration from the environment, once. Every problem is printed together, each with the variable's
 * name and never with its value; then the process ends. The result is frozen. An empty variable counts as absent.
 */
export function loadConfig<Schema extends z.ZodType>(
  schema: Schema,
  env: NodeJS.ProcessEnv,
): Readonly<z.infer<Schema>> {
  const present = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''));
  const parsed = schema.safeParse(present);
  if (!parsed.success) {
    const lines = parsed.error.issues.map((issue) => `  ${problemInWords(issue)}`);
    console.error(`The configuration has ${lines.length} problem${lines.length > 1 ? 's' : ''}:\n${lines.join('\n')}`);
    console.error('docs/configuration.md lists every variable.');
    process.exit(EXIT_CONFIG);
  }
  return Object.freeze(parsed.data as object) as Readonly<z.infer<Schema>>;
}

/** A variable's problem with its name and never with its value. */
export function problemInWords({ code, path, message }: z.core.$ZodIssue): string {
  const name = path.join('.') || '(configuration)';
  // The schemas read text: what is no text is not there.
  return code === 'invalid_type' && message.endsWith('received undefined')
    ? `${name} is not set`
    : `${name}: ${message}`;
}

const port = z.coerce.number().int().min(1).max(65_535);

export const ledgerConfig = z.object({
  DATABASE_URL: z
    .url({ protocol: /^postgres(ql)?$/ })
    .meta({ secret: true })
    .describe('The ledger: postgres://user:password@host:port/database'),
  DATABASE_SCHEMA: z
    .string()
    .regex(/^[a-z_][a-z0-9_]*$/)
    .default('public')
    .describe('Schema that holds the tables'),
});

export const queueConfig = z.object({
  QUEUE_URL: z
    .url({ protocol: /^rediss?(\+cluster)?$/ })
    .optional()
    .meta({ secret: true })
    .describe(
      "Queues on Redis or Valkey: redis://host:port, or redis+cluster://host:port for a cluster. Absent: the queues live in the ledger's Postgres",
    ),
  QUEUE_PREFIX: z
    .string()
    .regex(/^[a-z][a-z0-9_-]{0,30}$/)
    .default('outrigger')
    .describe('Prefix of all keys in the queue store; one a deployment'),
  QUEUE_SCHEMA: z
    .string()
    .regex(/^[a-z_][a-z0-9_]*$/)
    .default('outrigger_queue')
    .describe('Schema of the queue tables while the queues live in Postgres'),
  QUEUE_PERSISTENCE: z
    .enum(['required', 'optional'])
    .default('required')
    .describe(
      'Redis only: `required` refuses to start on a Redis without an append-only file; `optional` takes it, and after a restart of Redis the dispatcher fills the queues again from the ledger',
    ),
  LANE_SHARDS: z.coerce
    .number()
    .int()
    .min(1)
    .max(64)
    .default(1)
    .describe('Queues that share each lane, for where one queue is the limit; the same in every process'),
});

export const httpConfig = z.object({
  HOST: z.string().default('0.0.0.0').describe('Address to listen on'),
  PORT: port.describe('Port to listen on'),
});

export const logConfig = z.object({
  LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error']).default('info').describe('Lowest level that is logged'),
  ...tracingConfig.shape,
});

export const workerConfig = z.object({
  DATA_DIR: z.string().default('.outrigger/data').describe('Folder of the send journal; it must outlive a restart'),
  PROVIDER_TIMEOUT_MS: z.coerce
    .number()
    .int()
    .min(100)
    .max(60_000)
    .default(10_000)
    .describe('A provider call is given up after this; its outcome is then unknown'),
  LANES: z
    .string()
    .regex(/^[a-z-]+(,[a-z-]+)*$/, 'give names of lanes, separated by commas')
    .optional()
    .describe('Lanes that this process serves, for example email-ht. Absent: all of its channel'),
  LANE_CONCURRENCY: z.coerce.number().int().min(1).max(100).default(8).describe('Batches a lane works on at a time'),
  SEND_CONCURRENCY: z.coerce.number().int().min(1).max(500).default(32).describe('Provider calls at a time in a batch'),
  ATTEMPT_LOG: z
    .enum(['all', 'auto', 'problems'])
    .default('auto')
    .describe(
      'Attempts that get a log line: `all`; `problems`, those not sent; `auto`, all on standard lanes and problems on the others',
    ),
  UNKNOWN_WINDOW_MS: z.coerce
    .number()
    .int()
    .min(0)
    .default(15 * 60_000)
    .describe(
      "How long an unknown outcome waits for evidence before the campaign's policy decides; longer, by 15 minutes at most, while callbacks are waiting to be read",
    ),
});
