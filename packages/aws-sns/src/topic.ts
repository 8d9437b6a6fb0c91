/** A topic's ARN taken apart, with what follows from its region. */
export type Topic = {
  arn: string;
  region: string;
  /** Where SNS answers for it: https://docs.aws.amazon.com/general/latest/gr/sns.html */
  host: string;
  /** The names that a signing certificate of its region may be issued to, as the SDK for Java 2 knows them. */
  certificateNames: readonly string[];
};

const SUFFIXES: Record<string, string> = {
  aws: 'amazonaws.com',
  'aws-us-gov': 'amazonaws.com',
  'aws-cn': 'amazonaws.com.cn',
  'aws-eusc': 'amazonaws.eu',
};

/** Reads `arn:aws:sns:<region>:<account>:<name>`, or answers undefined. A FIFO topic cannot be subscribed by us. */
export function parseTopic(arn: string): Topic | undefined {
  const match = /^arn:(aws[a-z-]*):sns:([a-z]{2,4}(?:-[a-z]+)+-\d):\d{12}:[A-Za-z0-9_-]{1,256}$/.exec(arn);
  const suffix = match && Object.hasOwn(SUFFIXES, match[1]!) ? SUFFIXES[match[1]!] : undefined;
  if (!match || suffix === undefined) return undefined;
  const region = match[2]!;
  const host = `sns.${region}.${suffix}`;
  return {
    arn,
    region,
    host,
    certificateNames: [
      `sns.${suffix}`,
      host,
      `sns-signing.${region}.${suffix}`,
      // China has one of its own form, and both regions of GovCloud share the one of the west.
      `sns-${region.startsWith('us-gov') ? 'us-gov-west-1' : region}.${suffix}`,
    ],
  };
}
