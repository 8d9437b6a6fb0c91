import { createSign, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';

export type SnsMessage = Record<string, unknown>;

// A key of nobody, made for these tests: it signs what only our own emulators send.
export const snsCertificate = (name: 'good' | 'expired' | 'other-name'): string => pem(name);
const pem = (name: string) => readFileSync(new URL(`./sns/${name}.pem`, import.meta.url), 'utf8');
const KEY = pem('key');

/** The members that every message of a topic has. Its certificate is at the path `/SimpleNotificationService-good.pem`. */
export function snsMembers(topic: string): SnsMessage {
  return {
    MessageId: randomUUID(),
    TopicArn: topic,
    Timestamp: new Date().toISOString(),
    SignatureVersion: '2',
    SigningCertURL: `https://sns.${topic.split(':')[3]}.amazonaws.com/SimpleNotificationService-good.pem`,
  };
}

const MEMBERS = ['Message', 'MessageId', 'Subject', 'SubscribeURL', 'Timestamp', 'Token', 'TopicArn', 'Type'];

/** Signs as SNS does; written anew here, so that one mistake cannot be in the signer and in the checker. */
export function signSnsMessage(message: SnsMessage): SnsMessage {
  const notification = message.Type === 'Notification';
  const text = MEMBERS.filter((name) => typeof message[name] === 'string')
    .filter((name) => !(notification && (name === 'SubscribeURL' || name === 'Token')))
    .map((name) => `${name}\n${message[name]}\n`)
    .join('');
  const algorithm = message.SignatureVersion === '1' ? 'RSA-SHA1' : 'RSA-SHA256';
  return { ...message, Signature: createSign(algorithm).update(text, 'utf8').sign(KEY, 'base64') };
}
