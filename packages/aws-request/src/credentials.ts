import { defaultProvider } from '@aws-sdk/credential-provider-node';
import type { AwsCredentials } from './sign.ts';

/** Credentials at hand, or a promise of them. Rejects when there are none to be had. */
export type CredentialSource = () => AwsCredentials | Promise<AwsCredentials>;

type Expiring = AwsCredentials & { expiration?: Date | undefined };

/** New ones are fetched this long before the old ones end, while requests go on with the old. */
const REFRESH_BEFORE_MS = 5 * 60_000;
/** Until then at least the old ones are good for a request: clocks differ. */
const LAST_USE_BEFORE_MS = 30_000;
/** After a failed refresh the next one waits, or every request would make one. */
const REFRESH_RETRY_MS = 10_000;

/** A key pair from the configuration, or else what the AWS default chain finds (environment, profile, role of the machine). */
export function credentialSource(
  accessKeyId: string | undefined,
  secretAccessKey: string | undefined,
): CredentialSource {
  if (accessKeyId && secretAccessKey) {
    const fixed = { accessKeyId, secretAccessKey };
    return () => fixed;
  }
  return refreshed(defaultProvider(), Date.now);
}

/**
 * Keeps what `load` gives and loads again in the background before it ends: a request waits only for the first credentials,
 * or when the old ones have ended. Loads never overlap.
 */
export function refreshed(load: () => Promise<Expiring>, now: () => number): CredentialSource {
  let kept: Expiring | undefined;
  let loading: Promise<AwsCredentials> | undefined;
  let notBeforeMs = 0;

  function reload(): Promise<AwsCredentials> {
    loading ??= load()
      .then((loaded) => {
        kept = loaded;
        return loaded;
      })
      .finally(() => {
        loading = undefined;
        notBeforeMs = now() + REFRESH_RETRY_MS;
      });
    return loading;
  }

  return () => {
    const nowMs = now();
    const endMs = kept?.expiration?.getTime() ?? Number.POSITIVE_INFINITY;
    if (!kept || nowMs > endMs - LAST_USE_BEFORE_MS) return reload();
    // Failed: the old ones are still good, and the next request after the pause tries again.
    if (nowMs > endMs - REFRESH_BEFORE_MS && nowMs >= notBeforeMs) void reload().catch(() => undefined);
    return kept;
  };
}
