/**
 * An emulated provider, outside the system: `node provider-main.ts <ses|sns> <port> <ledger file> <seed> <calm|moody> [gateway]`.
 * What it takes is in its book before it answers, so killing it loses nothing; it answers badly by a seeded chance,
 * unless it is calm. With the address of a gateway, what it takes is reported there, and it hands out SNS' certificate. SIGTERM: it takes no more connections and answers what it has.
 */
import { openSync, writeSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { snsCertificate } from '@outrigger/testkit/sns-signature';
import { createRandom } from '../random.ts';
import { type Behaviour, chooseBehaviour } from './behaviour.ts';
import { doubtLine, type HandOver, handOverLine, reportLine, strangeLine } from './provider-ledger.ts';
import { createReports } from './reports.ts';
import {
  accepted,
  endpointMade,
  failure,
  type ProviderKind,
  type ProviderRequest,
  readSesRequest,
  readSnsRequest,
  type WireReply,
} from './wire.ts';

const [kindArgument, port, ledgerPath, seed, mood, gatewayUrl] = process.argv.slice(2);
const kind: ProviderKind = kindArgument === 'ses' ? 'ses' : 'sns';
const read = kind === 'ses' ? readSesRequest : readSnsRequest;
const book = openSync(ledgerPath!, 'a');
// A restarted emulator goes on with other chances: the process id is in the stream.
const random = createRandom(Number(seed), `${kind} ${process.pid}`);
let taken = 0;
const calm = mood === 'calm';
const reportTaken =
  gatewayUrl === undefined
    ? () => {}
    : createReports({
        gatewayUrl,
        random: createRandom(Number(seed), `${kind} reports ${process.pid}`),
        noted: (messageId, event) => void writeSync(book, reportLine(messageId, event)),
      });
const CALM_DELAY_MS = 15;
const LAST_ANSWERS_MS = 500;

/** Workers ask an SES account for its rate; the accounts of a run state theirs, so this one only has to be an answer. */
const SEND_QUOTA: WireReply = {
  status: 200,
  type: 'text/xml',
  body:
    '<GetSendQuotaResponse xmlns="http://ses.amazonaws.com/doc/2010-12-01/"><GetSendQuotaResult>' +
    '<Max24HourSend>10000000</Max24HourSend><MaxSendRate>2000</MaxSendRate><SentLast24Hours>0</SentLast24Hours>' +
    '</GetSendQuotaResult></GetSendQuotaResponse>',
};

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    if (request.method === 'GET') {
      response.end(snsCertificate('good'));
      return;
    }
    try {
      const text = Buffer.concat(chunks).toString('utf8');
      if (kind === 'ses' && text.includes('Action=GetSendQuota')) {
        reply(response, SEND_QUOTA);
        return;
      }
      const wanted = read(text);
      if (wanted === undefined) throw new Error('not a request that we make');
      answer(wanted, request, response);
    } catch (error) {
      writeSync(book, strangeLine(String(error)));
      reply(response, failure(kind, 'refuse'));
    }
  });
});
server.keepAliveTimeout = 60_000;
server.listen(Number(port), '127.0.0.1', () => console.log('{"event":"service.ready"}'));

process.on('SIGTERM', () => {
  server.close();
  server.closeIdleConnections();
  setTimeout(() => process.exit(0), LAST_ANSWERS_MS);
});

function answer(wanted: ProviderRequest, request: IncomingMessage, response: ServerResponse): void {
  if (wanted.action === 'endpoint') {
    reply(response, !calm && random.chance(0.01) ? failure(kind, 'throttle') : endpointMade(wanted.token));
    return;
  }
  const behaviour: Behaviour = calm ? { kind: 'accept', delayMs: CALM_DELAY_MS } : chooseBehaviour(random);
  if (behaviour.kind === 'throttle' || behaviour.kind === 'refuse') {
    reply(response, failure(kind, behaviour.kind));
    return;
  }
  if (behaviour.kind === 'accept') {
    const ids = take(wanted.messages);
    setTimeout(() => reply(response, accepted(kind, wanted.bulk, ids)), behaviour.delayMs);
    return;
  }
  if (behaviour.taken) take(wanted.messages);
  for (const { key } of wanted.messages) {
    writeSync(book, doubtLine(key, `${behaviour.how}-${behaviour.taken ? 'taken' : 'not-taken'}`));
  }
  leaveInDoubt(behaviour.how, request, response);
}

/** The ids that the provider gives the messages it took. */
function take(messages: HandOver[]): string[] {
  reportTaken(messages);
  return messages.map((message) => {
    writeSync(book, handOverLine(message, Date.now()));
    return `${process.pid}-${++taken}`;
  });
}

function leaveInDoubt(how: string, request: IncomingMessage, response: ServerResponse): void {
  if (how === 'error') reply(response, failure(kind, 'error'));
  else if (how === 'reset') request.socket.resetAndDestroy();
  else if (how === 'garbage') reply(response, { status: 200, type: 'text/xml', body: '<html>It works!</html>' });
}

function reply(response: ServerResponse, { status, type, body }: WireReply): void {
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body) });
  response.end(body);
}
