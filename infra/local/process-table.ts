/** One process of the stack as `npm start` runs it. */
export type StackProcess = {
  readonly name: string;
  /** Its main module, below the root of the repository. */
  readonly main: string;
  /** Where it serves HTTP: its API, or for a worker /livez and /readyz alone. */
  readonly defaultPort: number;
  readonly portVariable: string;
  /** Processes stop in this order, those with the same number together. */
  readonly stopOrder: number;
};

/**
 * Every process of the stack. Stop order: first nothing new comes in, then nothing is fanned out, then what is queued is
 * worked off or put back, and the console is watched until the end.
 */
export const processTable: readonly StackProcess[] = [
  entry('ingress', 8080, 1),
  entry('control', 8081, 4),
  entry('email-worker', 8090, 3),
  entry('sms-worker', 8091, 3),
  entry('push-worker', 8092, 3),
  entry('dispatcher', 8093, 2),
  entry('gateway', 8082, 1),
];

function entry(name: string, defaultPort: number, stopOrder: number): StackProcess {
  const portVariable = `${name.replaceAll('-', '_').toUpperCase()}_PORT`;
  return { name, main: `services/${name}/src/main.ts`, defaultPort, portVariable, stopOrder };
}
