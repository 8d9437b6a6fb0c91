export { type BucketAnswer, type BucketOptions, createBucketReader, type ReadObject } from './bucket.ts';
export { type AwsAnswer, type AwsClient, type AwsClientOptions, createAwsClient, retryAfterMs } from './client.ts';
export { type CredentialSource, credentialSource } from './credentials.ts';
export type { HttpAnswer } from './http.ts';
export { callAction, type QueryError, readMember, readQueryError } from './query.ts';
