import { createVerify } from 'node:crypto';
import { type Refusal, refuse } from '@outrigger/core';
import { z } from 'zod';
import { type FetchCertificate, isSigningCertificateUrl } from './signing-certificate.ts';
import { parseTopic, type Topic } from './topic.ts';

/** What SNS posted, once it is certain that SNS did. */
export type ReceivedNotification =
  | { kind: 'notification'; sourceId: string; message: string }
  | { kind: 'subscription'; topic: Topic; token: string }
  | { kind: 'unsubscription'; topic: Topic }
  | { refusal: Refusal };

const line = z.string().max(2_048);
const base = {
  MessageId: z.string().min(1).max(100),
  TopicArn: line,
  // SNS takes 256 kB; every character may have become an escape of six.
  Message: z.string(),
  Timestamp: z.string().max(40),
  SignatureVersion: z.unknown().optional(),
  Signature: z.unknown().optional(),
  SigningCertURL: z.unknown().optional(),
};
/** https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html */
const envelope = z.discriminatedUnion('Type', [
  z.looseObject({ ...base, Type: z.literal('Notification'), Subject: z.string().nullish() }),
  z.looseObject({ ...base, Type: z.literal('SubscriptionConfirmation'), SubscribeURL: line, Token: line }),
  z.looseObject({ ...base, Type: z.literal('UnsubscribeConfirmation'), SubscribeURL: line, Token: line }),
]);
type Envelope = z.output<typeof envelope>;

/** SNS repeats for about an hour, its operators' policies for a day at most. */
const OLDEST_MS = 24 * 60 * 60_000;
const SKEW_MS = 15 * 60_000;

/** By signature version. SHA-1 is what a topic uses until its owner asks for version 2. */
const ALGORITHMS: Record<string, string> = { '1': 'RSA-SHA1', '2': 'RSA-SHA256' };

/**
 * Reads what was posted to a callback address, and believes it only when SNS signed it, for a topic on the list, not long
 * ago. Cheap checks come first, and nothing is fetched for a topic that is not ours.
 */
export async function receiveNotification(
  body: string,
  options: { topics: readonly string[]; fetchCertificate: FetchCertificate; now?: () => number },
): Promise<ReceivedNotification> {
  const parsed = envelope.safeParse(jsonOf(body));
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0]!;
    return { refusal: refuse('FBK-000001', `This is no SNS message: ${path.join('.') || 'the body'}: ${message}`) };
  }
  const sent = parsed.data;
  const topic = options.topics.includes(sent.TopicArn) ? parseTopic(sent.TopicArn) : undefined;
  if (!topic) return { refusal: refuse('FBK-000003') };
  const ageMs = (options.now ?? Date.now)() - Date.parse(sent.Timestamp);
  if (!(ageMs <= OLDEST_MS && ageMs >= -SKEW_MS)) return { refusal: refuse('FBK-000004') };
  const problem = await signatureProblem(sent, topic, options.fetchCertificate);
  if (problem) return { refusal: problem };
  if (sent.Type === 'Notification') return { kind: 'notification', sourceId: sent.MessageId, message: sent.Message };
  return sent.Type === 'SubscriptionConfirmation'
    ? { kind: 'subscription', topic, token: sent.Token }
    : { kind: 'unsubscription', topic };
}

function jsonOf(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

async function signatureProblem(
  sent: Envelope,
  topic: Topic,
  fetchCertificate: FetchCertificate,
): Promise<Refusal | undefined> {
  const { SignatureVersion: version, Signature: signature, SigningCertURL: url } = sent;
  const algorithm = typeof version === 'string' && Object.hasOwn(ALGORITHMS, version) ? ALGORITHMS[version] : undefined;
  if (!algorithm) return refuse('FBK-000002', 'The SignatureVersion is neither "1" nor "2".');
  if (typeof signature !== 'string' || !/^[A-Za-z0-9+/]{64,2048}={0,2}$/.test(signature)) {
    return refuse('FBK-000002', 'The Signature is no signature.');
  }
  if (typeof url !== 'string' || !isSigningCertificateUrl(url, topic)) {
    return refuse('FBK-000002', "The SigningCertURL is not one of SNS in the topic's region.");
  }
  const fetched = await fetchCertificate(url, topic);
  if ('unavailable' in fetched) return { ...refuse('FBK-000005'), retryAfterSeconds: 5 };
  if ('refused' in fetched) return refuse('FBK-000002', `The signing certificate is refused: ${fetched.refused}.`);
  const { publicKey } = fetched.certificate;
  if (publicKey.asymmetricKeyType !== 'rsa') return refuse('FBK-000002', 'The signing certificate has no RSA key.');
  const valid = createVerify(algorithm).update(signedText(sent), 'utf8').verify(publicKey, signature, 'base64');
  return valid ? undefined : refuse('FBK-000002');
}

/**
 * What SNS signs: https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message-verify-message-signature.html
 */
export function signedText(sent: Envelope): string {
  const pairs: [string, string | null | undefined][] =
    sent.Type === 'Notification'
      ? [
          ['Message', sent.Message],
          ['MessageId', sent.MessageId],
          ['Subject', sent.Subject],
        ]
      : [
          ['Message', sent.Message],
          ['MessageId', sent.MessageId],
          ['SubscribeURL', sent.SubscribeURL],
        ];
  pairs.push(['Timestamp', sent.Timestamp]);
  if (sent.Type !== 'Notification') pairs.push(['Token', sent.Token]);
  pairs.push(['TopicArn', sent.TopicArn], ['Type', sent.Type]);
  return pairs.map(([name, value]) => (value === null || value === undefined ? '' : `${name}\n${value}\n`)).join('');
}
