/** The emulated provider, a process of its own outside the system: `node provider-main.ts <port>`, talked to over IPC. */
import { createAccount } from './account.ts';
import { serve } from './http-server.ts';
import { answerRequest } from './wire.ts';

/** What the bench asks, and what the provider says. */
export type ToProvider = { kind: 'save'; path: string };
export type FromProvider = { kind: 'ready' } | { kind: 'taken'; taken: number } | { kind: 'saved'; problems: string[] };

const TELL_EVERY_MS = 20;

const account = createAccount();
const problems: string[] = [];
const say = (message: FromProvider) => process.send?.(message);

const server = serve(
  Number(process.argv[2]),
  (head, body) => answerRequest(head, body, account),
  (what) => {
    if (problems.length < 20) problems.push(what);
  },
);
server.on('listening', () => say({ kind: 'ready' }));

let told = 0;
setInterval(() => {
  if (account.taken === told) return;
  told = account.taken;
  say({ kind: 'taken', taken: told });
}, TELL_EVERY_MS);

process.on('message', ({ path }: ToProvider) => {
  account.save(path);
  say({ kind: 'saved', problems });
});
process.on('disconnect', () => process.exit(0));
