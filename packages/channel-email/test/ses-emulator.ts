import { parseEmailAddress } from '@outrigger/core';
import { type ScriptedReply, type ScriptedRequest, startScriptedServer } from '@outrigger/testkit/scripted-server';
import Handlebars from 'handlebars';
import PostalMime from 'postal-mime';

/** What a recipient got, whichever call it came by. */
export type ReceivedMail = {
  to: string;
  from: string;
  replyTo: string[];
  subject: string;
  html: string;
  text: string | undefined;
  headers: Record<string, string>;
  tags: Record<string, string>;
};

type Pairs = { Name: string; Value: string }[];
type BulkCall = {
  FromEmailAddress: string;
  ReplyToAddresses?: string[];
  DefaultContent: {
    Template: { TemplateContent: { Subject: string; Html: string; Text?: string }; TemplateData: string };
  };
  BulkEmailEntries: {
    Destination: { ToAddresses: string[] };
    ReplacementTags: Pairs;
    ReplacementHeaders?: Pairs;
    ReplacementEmailContent: { ReplacementTemplate: { ReplacementTemplateData: string } };
  }[];
};

export type SesScript = {
  /** The result of one recipient of a bulk call, where it is not the usual one. */
  answers?: (to: string) => object | undefined;
  /** Recipients that SES finds malformed by rules of its own. */
  refuses?: (to: string) => boolean;
};

/**
 * An Amazon SES (API version 2) on a real socket that makes the mail it is told to make. Its templates are rendered by Handlebars,
 * on which SES's are based, without escaping, as SES documents it; its limits are those of the documentation.
 */
export async function startSesEmulator(script: SesScript = {}) {
  const received: ReceivedMail[] = [];
  const calls: string[] = [];
  const pending: Promise<void>[] = [];
  let ids = 0;

  function takeBulk(call: BulkCall): ScriptedReply {
    const problem = problemOf(call, script);
    if (problem) return sesError('BadRequestException', problem);
    const { TemplateContent: content } = call.DefaultContent.Template;
    const [subject, html, text] = [content.Subject, content.Html, content.Text].map((source) =>
      source === undefined ? undefined : Handlebars.compile(source, { noEscape: true, strict: true }),
    );
    const results = call.BulkEmailEntries.map((entry) => {
      const to = entry.Destination.ToAddresses[0]!;
      const special = script.answers?.(to);
      if (special) return special;
      const values: object = JSON.parse(entry.ReplacementEmailContent.ReplacementTemplate.ReplacementTemplateData);
      received.push({
        to,
        from: call.FromEmailAddress,
        replyTo: call.ReplyToAddresses ?? [],
        subject: subject!(values),
        html: html!(values),
        text: text?.(values),
        headers: pairs(entry.ReplacementHeaders ?? []),
        tags: pairs(entry.ReplacementTags),
      });
      return { Status: 'SUCCESS', MessageId: `ses-${++ids}` };
    });
    return json(200, { BulkEmailEntryResults: results });
  }

  function takeRaw(call: {
    Content: { Raw: { Data: string } };
    Destination: { ToAddresses: string[] };
    EmailTags: Pairs;
  }) {
    const to = call.Destination.ToAddresses[0]!;
    if (!isAddress(to) || script.refuses?.(to))
      return sesError('BadRequestException', `Local address contains control or whitespace: ${to}`);
    const read = async () => {
      const mail = await PostalMime.parse(Buffer.from(call.Content.Raw.Data, 'base64'));
      received.push({
        to,
        from: mail.from?.address ?? '',
        replyTo: (mail.replyTo ?? []).map((mailbox) => mailbox.address ?? ''),
        subject: mail.subject ?? '',
        html: mail.html ?? '',
        text: mail.text,
        headers: Object.fromEntries(mail.headers.map(({ originalKey, value }) => [originalKey, value])),
        tags: pairs(call.EmailTags),
      });
    };
    pending.push(read());
    return json(200, { MessageId: `ses-${++ids}` });
  }

  const server = await startScriptedServer((request: ScriptedRequest) => {
    calls.push(request.path.split('/').at(-1)!);
    const call = JSON.parse(request.body.toString());
    return request.path === '/v2/email/outbound-bulk-emails' ? takeBulk(call) : takeRaw(call);
  });
  return {
    url: server.url,
    received,
    calls,
    requests: server.requests,
    settled: () => Promise.all(pending),
    close: server.close,
  };
}

/** Why SES refuses a call as a whole. */
function problemOf(call: BulkCall, { refuses }: SesScript): string | undefined {
  const entries = call.BulkEmailEntries;
  if (entries.length === 0 || entries.length > 50) return `${entries.length} destinations`;
  if (JSON.stringify(call).length > 1_000_000) return 'the request is larger than 1 MB';
  for (const { Destination, ReplacementEmailContent, ReplacementHeaders = [] } of entries) {
    const bad = Destination.ToAddresses.find((address) => !isAddress(address) || refuses?.(address));
    if (bad !== undefined) return `Local address contains control or whitespace: ${bad}`;
    if (ReplacementEmailContent.ReplacementTemplate.ReplacementTemplateData.length > 262_144) return 'too much data';
    if (ReplacementHeaders.some(({ Value }) => !/^[ -~]{1,870}$/.test(Value))) return 'a header value is not allowed';
  }
  return undefined;
}

function isAddress(address: string): boolean {
  const parsed = parseEmailAddress(address);
  return !('problem' in parsed) && parsed.address === address;
}

function pairs(list: Pairs): Record<string, string> {
  return Object.fromEntries(list.map(({ Name, Value }) => [Name, Value]));
}

function json(status: number, body: object): ScriptedReply {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}

export function sesError(name: string, message: string): ScriptedReply {
  return json(400, { __type: name, message });
}
