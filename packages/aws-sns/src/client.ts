import { SNSClient } from '@aws-sdk/client-sns';

/** The part of a provider's configuration that its connection needs. */
export type SnsConnection = {
  SNS_REGION: string;
  SNS_ENDPOINT?: string | undefined;
  SNS_ACCESS_KEY_ID?: string | undefined;
  SNS_SECRET_ACCESS_KEY?: string | undefined;
  SNS_TIMEOUT_MS: number;
  SNS_CONNECT_TIMEOUT_MS: number;
};

/** Idle connections are dropped before the far side drops them: a reset on reuse would leave a message unknown. */
const IDLE_CONNECTION_MS = 10_000;

/** An SNS client that sends a request once and gives it up on time; neither is its default. */
export function createSnsClient(config: SnsConnection): SNSClient {
  // Concurrency is the worker's to limit. A request that waited here for a socket could not be told from one under way.
  const agent = { keepAlive: true, maxSockets: Number.POSITIVE_INFINITY, timeout: IDLE_CONNECTION_MS };
  return new SNSClient({
    region: config.SNS_REGION,
    endpoint: config.SNS_ENDPOINT,
    // Region and endpoint come from our configuration alone (reliability S32), not from AWS_ENDPOINT_URL or a profile.
    ignoreConfiguredEndpointUrls: true,
    credentials:
      config.SNS_ACCESS_KEY_ID && config.SNS_SECRET_ACCESS_KEY
        ? { accessKeyId: config.SNS_ACCESS_KEY_ID, secretAccessKey: config.SNS_SECRET_ACCESS_KEY }
        : undefined,
    // Retry belongs to the ledger: by default the SDK sends up to three times.
    maxAttempts: 1,
    requestHandler: {
      connectionTimeout: config.SNS_CONNECT_TIMEOUT_MS,
      requestTimeout: config.SNS_TIMEOUT_MS,
      // Without it the request timeout only writes a warning.
      throwOnRequestTimeout: true,
      httpAgent: agent,
      httpsAgent: agent,
    },
  });
}
