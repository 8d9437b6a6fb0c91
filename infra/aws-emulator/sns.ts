import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

/** A message that SNS would have handed on: to a phone, or to an endpoint (a push token). */
export type Published = { message_id: string; to: string; message: string; at: string };

const NAMESPACE = 'http://sns.amazonaws.com/doc/2010-03-31/';
const KEPT = 1_000;
const MOST_BYTES = 1_048_576;

/**
 * As much of SNS as Outrigger calls (query protocol of 2010-03-31): Publish, CreatePlatformEndpoint and the endpoint's
 * attributes. Everything is taken. `GET /` lists the last thousand, newest first.
 */
export function createSnsEmulator(): Server {
  const published: Published[] = [];
  return createServer((request, response) => {
    if (request.method === 'GET') {
      sendJson(response, published.toReversed());
      return;
    }
    void readForm(request).then((form) => {
      const action = form?.get('Action') ?? '';
      const answer = form && ANSWERS[action];
      if (!answer) sendXml(response, 400, errorXml('InvalidAction', `${action.slice(0, 40)} is not emulated.`));
      else sendXml(response, 200, resultXml(action, answer(form, published)));
    });
  });
}

const ANSWERS: Record<string, (form: URLSearchParams, published: Published[]) => string> = {
  Publish(form, published) {
    const message_id = randomUUID();
    const to = form.get('PhoneNumber') ?? form.get('TargetArn') ?? form.get('TopicArn') ?? '';
    published.push({ message_id, to, message: form.get('Message') ?? '', at: new Date().toISOString() });
    if (published.length > KEPT) published.shift();
    return `<MessageId>${message_id}</MessageId>`;
  },
  CreatePlatformEndpoint: (form) =>
    `<EndpointArn>arn:aws:sns:local:000000000000:endpoint/${encodeURIComponent(form.get('Token') ?? '')}</EndpointArn>`,
  GetEndpointAttributes: () => '<Attributes><entry><key>Enabled</key><value>true</value></entry></Attributes>',
  SetEndpointAttributes: () => '',
};

async function readForm(request: IncomingMessage): Promise<URLSearchParams | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MOST_BYTES) return undefined;
    chunks.push(chunk);
  }
  return new URLSearchParams(Buffer.concat(chunks).toString('utf8'));
}

function resultXml(action: string, result: string): string {
  return `<${action}Response xmlns="${NAMESPACE}"><${action}Result>${result}</${action}Result><ResponseMetadata><RequestId>${randomUUID()}</RequestId></ResponseMetadata></${action}Response>`;
}

function errorXml(code: string, message: string): string {
  return `<ErrorResponse xmlns="${NAMESPACE}"><Error><Type>Sender</Type><Code>${code}</Code><Message>${message.replace(/[<&]/g, '')}</Message></Error><RequestId>${randomUUID()}</RequestId></ErrorResponse>`;
}

function sendXml(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { 'content-type': 'text/xml', 'content-length': Buffer.byteLength(body) }).end(body);
}

function sendJson(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value, null, 2));
}
