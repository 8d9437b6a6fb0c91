import { randomUUID } from 'node:crypto';
import { type ScriptedReply, type ScriptedServer, startScriptedServer } from './scripted-server.ts';

/** One message that the emulator took: by our tag, with the id that SES would have given. */
export type TakenMessage = {
  messageId: string;
  to: string;
  configurationSet: string | null;
  sesId: string;
  /** The message as it would go out. */
  raw: string;
  /** Where SES forwards bounces to. */
  returnPath: string | null;
};

type SendEmail = {
  Destination: { ToAddresses: string[] };
  EmailTags: { Name: string; Value: string }[];
  ConfigurationSetName?: string;
  FeedbackForwardingEmailAddress?: string;
  Content?: { Raw?: { Data?: string } };
};

/** Amazon SES (SendEmail of the API version 2) that writes down what it takes before it answers, or does not answer. */
export type SesEmulator = {
  url: string;
  taken: TakenMessage[];
  takenOf(messageId: string): TakenMessage[];
  close(): Promise<void>;
};

/** `answer` decides what the sender gets to hear of a message that was taken; the usual answer when it says nothing. */
export async function startSesEmulator(
  answer: (message: TakenMessage) => ScriptedReply | undefined = () => undefined,
): Promise<SesEmulator> {
  const taken: TakenMessage[] = [];
  const server: ScriptedServer = await startScriptedServer((request) => {
    // The account's rate is asked of the older API: the configuration of a test says it.
    if (!request.path.startsWith('/v2/email/outbound-emails')) return { status: 400, body: '<ErrorResponse/>' };
    const sent = JSON.parse(request.body.toString('utf8')) as SendEmail;
    const message = {
      messageId: sent.EmailTags.find((tag) => tag.Name === 'outrigger_message_id')?.Value ?? '',
      to: sent.Destination.ToAddresses[0] ?? '',
      configurationSet: sent.ConfigurationSetName ?? null,
      sesId: `0107-${randomUUID()}-000000`,
      raw: Buffer.from(sent.Content?.Raw?.Data ?? '', 'base64').toString('latin1'),
      returnPath: sent.FeedbackForwardingEmailAddress ?? null,
    };
    taken.push(message);
    return (
      answer(message) ?? {
        status: 200,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ MessageId: message.sesId }),
      }
    );
  });
  return {
    url: server.url,
    taken,
    takenOf: (messageId) => taken.filter((message) => message.messageId === messageId),
    close: () => server.close(),
  };
}
