import { type AddressInfo, createServer, type Socket } from 'node:net';

/**
 * What the server says at a step, or what it does there instead of saying something. `greeting`, `ehlo` and the
 * commands answer a line; `message` answers the final dot; `part` happens at the first bytes after 354.
 */
export type SmtpScript = Partial<Record<SmtpStep, SmtpAct | ((transaction: number) => SmtpAct)>>;
/** A reply line, or one of `hang`, `reset` and `close`. */
export type SmtpAct = string;
export type SmtpStep = 'greeting' | 'ehlo' | 'auth' | 'mail' | 'rcpt' | 'data' | 'part' | 'message' | 'rset';

export type ScriptedSmtpServer = {
  port: number;
  connections(): number;
  /** MAIL FROM commands: each is one attempt to send. */
  transactions(): number;
  /** Messages received up to the final dot. */
  messages: Buffer[];
  close(): Promise<void>;
};

const POLITE: Record<Exclude<SmtpStep, 'part'>, string> = {
  greeting: '220 peer ESMTP',
  ehlo: '250-peer\r\n250-ENHANCEDSTATUSCODES\r\n250 AUTH PLAIN',
  auth: '235 2.7.0 welcome',
  mail: '250 2.1.0 ok',
  rcpt: '250 2.1.5 ok',
  data: '354 go on',
  message: '250 2.0.0 Ok: queued as 4XyZ17',
  rset: '250 ok',
};
const STEPS: Record<string, SmtpStep> = {
  EHLO: 'ehlo',
  AUTH: 'auth',
  MAIL: 'mail',
  RCPT: 'rcpt',
  DATA: 'data',
  RSET: 'rset',
};

/** An SMTP server on a free loopback port that follows `script` and is polite where it says nothing. */
export async function startScriptedSmtpServer(script: SmtpScript): Promise<ScriptedSmtpServer> {
  const sockets = new Set<Socket>();
  const messages: Buffer[] = [];
  let connections = 0;
  let transactions = 0;
  const server = createServer((socket) => {
    connections++;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {});
    let pending = '';
    let inMessage = false;
    const answer = (step: Exclude<SmtpStep, 'part'>) => {
      const act = script[step] ?? POLITE[step];
      const said = typeof act === 'function' ? act(transactions) : act;
      if (said === 'hang') return;
      if (said === 'reset') socket.resetAndDestroy();
      else if (said === 'close') socket.destroy();
      else socket.write(`${said}\r\n`);
    };
    const readMessage = () => {
      if (script.part === 'hang') return false;
      if (script.part === 'reset' && pending !== '') socket.resetAndDestroy();
      const end = pending.indexOf('\r\n.\r\n');
      if (end < 0) return false;
      messages.push(Buffer.from(pending.slice(0, end + 2), 'latin1'));
      pending = pending.slice(end + 5);
      inMessage = false;
      answer('message');
      return true;
    };
    const readCommand = () => {
      const end = pending.indexOf('\r\n');
      if (end < 0) return false;
      const line = pending.slice(0, end);
      pending = pending.slice(end + 2);
      const word = line.slice(0, 4).toUpperCase();
      if (word === 'MAIL') transactions++;
      const step = STEPS[word];
      if (step !== undefined && step !== 'part') answer(step);
      else socket.end('221 bye\r\n');
      if (word === 'DATA' && script.data === undefined) inMessage = true;
      return true;
    };
    socket.on('data', (chunk: Buffer) => {
      pending += chunk.toString('latin1');
      while (inMessage ? readMessage() : readCommand());
    });
    answer('greeting');
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    connections: () => connections,
    transactions: () => transactions,
    messages,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
