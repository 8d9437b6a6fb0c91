#!/usr/bin/env node
/** `outrigger`: what an operator types. Talks to the control service and the ingress over HTTP, and to nothing else. */
import { run } from './run.ts';

// Whoever reads may stop reading (`| head`): that is no failure of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

const { exitCode, out, err } = await run(process.argv.slice(2), process.env, showProgress);
if (out !== '') process.stdout.write(`${out}\n`);
if (err !== '') process.stderr.write(`${err}\n`);
// Not process.exit: a pipe may still have to take what was written.
process.exitCode = exitCode;

/** One line that is written over on a terminal; a log gets none. */
function showProgress(line: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${line}`);
}
