import { DeleteMessageBatchCommand, type Message, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';

/** Which queue, and as whom. Without keys the AWS default chain is used. */
export type SqsQueue = {
  queueUrl: string;
  region: string;
  endpoint?: string | undefined;
  accessKeyId?: string | undefined;
  secretAccessKey?: string | undefined;
};

/** A message of the queue: what it says, by which id it is known, and what deletes it. */
export type QueueMessage = { sourceId: string; body: string; receipt: string };

export type QueueReader = {
  /** Waits for messages for a while; fewer than `most` mean that the queue has no more. */
  receive(signal: AbortSignal): Promise<QueueMessage[]>;
  readonly most: number;
  /** Deletes messages. Those that cannot be deleted come again. */
  remove(messages: QueueMessage[]): Promise<void>;
  close(): void;
};

const MOST = 10;
/** With a wait, SQS asks all of its servers: an empty answer then means an empty queue. */
const WAIT_SECONDS = 10;

/** Reads a queue that is subscribed to a topic of SNS, with or without raw message delivery. IAM says who may write to it. */
export function createQueueReader(queue: SqsQueue): QueueReader {
  const client = new SQSClient({
    region: queue.region,
    endpoint: queue.endpoint,
    ignoreConfiguredEndpointUrls: true,
    // The URL names the queue; its host is used only where no endpoint is given.
    useQueueUrlAsEndpoint: queue.endpoint === undefined,
    credentials:
      queue.accessKeyId && queue.secretAccessKey
        ? { accessKeyId: queue.accessKeyId, secretAccessKey: queue.secretAccessKey }
        : undefined,
    // The loop around this asks again by itself, and says that it did.
    maxAttempts: 1,
    requestHandler: {
      connectionTimeout: 3_000,
      requestTimeout: (WAIT_SECONDS + 10) * 1_000,
      throwOnRequestTimeout: true,
    },
  });
  const QueueUrl = queue.queueUrl;
  return {
    most: MOST,
    async receive(signal) {
      const command = new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: MOST, WaitTimeSeconds: WAIT_SECONDS });
      const { Messages = [] } = await client.send(command, { abortSignal: signal });
      return Messages.map(unwrap);
    },
    async remove(messages) {
      if (messages.length === 0) return;
      const Entries = messages.map(({ receipt }, index) => ({ Id: String(index), ReceiptHandle: receipt }));
      await client.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }));
    },
    close: () => client.destroy(),
  };
}

/** What SNS put around the message is taken off; the id of the notification is the same at every repetition. */
function unwrap({ MessageId = '', Body = '', ReceiptHandle = '' }: Message): QueueMessage {
  try {
    const sent = JSON.parse(Body) as { Type?: unknown; MessageId?: unknown; Message?: unknown } | null;
    if (sent?.Type === 'Notification' && typeof sent.Message === 'string' && typeof sent.MessageId === 'string') {
      return { sourceId: sent.MessageId.slice(0, 100), body: sent.Message, receipt: ReceiptHandle };
    }
  } catch {
    // Whatever it is, it is kept as it is: who reads it says what is wrong with it.
  }
  return { sourceId: MessageId, body: Body, receipt: ReceiptHandle };
}
