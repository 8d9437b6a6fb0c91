import type { ScriptedReply, ScriptedRequest } from './scripted-server.ts';

/** Answers in the form of SNS's query protocol: https://docs.aws.amazon.com/sns/latest/api/API_Publish.html */
const NAMESPACE = 'xmlns="http://sns.amazonaws.com/doc/2010-03-31/"';

export function published(messageId: string | undefined): ScriptedReply {
  const body = `<PublishResponse ${NAMESPACE}><PublishResult>${messageId === undefined ? '' : `<MessageId>${messageId}</MessageId>`}</PublishResult><ResponseMetadata><RequestId>r-1</RequestId></ResponseMetadata></PublishResponse>`;
  return { status: 200, headers: { 'content-type': 'text/xml' }, body };
}

export function snsError(status: number, code: string, message = 'Refused.', retryAfter?: string): ScriptedReply {
  const type = status >= 500 ? 'Receiver' : 'Sender';
  const body = `<ErrorResponse ${NAMESPACE}><Error><Type>${type}</Type><Code>${code}</Code><Message>${message}</Message></Error><RequestId>r-1</RequestId></ErrorResponse>`;
  const headers = { 'content-type': 'text/xml', ...(retryAfter === undefined ? {} : { 'retry-after': retryAfter }) };
  return { status, headers, body };
}

/** The form fields of a request, attributes as name and value. */
export function readRequest(request: ScriptedRequest): { fields: URLSearchParams; attributes: Record<string, string> } {
  const fields = new URLSearchParams(request.body.toString('utf8'));
  const attributes: Record<string, string> = {};
  for (let n = 1; fields.has(`MessageAttributes.entry.${n}.Name`); n += 1) {
    const name = fields.get(`MessageAttributes.entry.${n}.Name`) ?? '';
    attributes[name] = fields.get(`MessageAttributes.entry.${n}.Value.StringValue`) ?? '';
  }
  return { fields, attributes };
}

export function endpointCreated(endpointArn: string | undefined): ScriptedReply {
  const result = endpointArn === undefined ? '' : `<EndpointArn>${endpointArn}</EndpointArn>`;
  const body = `<CreatePlatformEndpointResponse ${NAMESPACE}><CreatePlatformEndpointResult>${result}</CreatePlatformEndpointResult><ResponseMetadata><RequestId>r-1</RequestId></ResponseMetadata></CreatePlatformEndpointResponse>`;
  return { status: 200, headers: { 'content-type': 'text/xml' }, body };
}

export function actionOf(request: ScriptedRequest): string | null {
  return readRequest(request).fields.get('Action');
}
