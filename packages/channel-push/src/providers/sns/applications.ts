import type { PushPlatform } from '@outrigger/core';
import { z } from 'zod';

/** What SNS calls a platform: in the ARN of an application and as the key of a payload. */
export const SNS_PLATFORMS = {
  apns: 'APNS',
  apnsSandbox: 'APNS_SANDBOX',
  fcm: 'GCM',
} as const satisfies Record<PushPlatform, string>;

/** Platform application ARNs by `<app id>:<platform>`. */
export type SnsApplications = Record<string, string>;

const KEY = /^[^:\s]+:(apns|apnsSandbox|fcm)$/;
const ARN = /^arn:[a-z-]+:sns:[a-z0-9-]+:\d{12}:app\/([A-Z_]+)\/[\w.-]+$/;

/** A JSON object in an environment variable; a key or ARN that cannot be right is named. */
export const snsApplications = z.string().transform((text, context): SnsApplications => {
  const applications = readObject(text);
  if (applications === undefined) {
    context.addIssue({ code: 'custom', message: 'is not a JSON object with at least one application' });
    return z.NEVER;
  }
  for (const [key, arn] of Object.entries(applications)) {
    const problem = problemOf(key, arn);
    if (problem !== undefined) context.addIssue({ code: 'custom', message: `${key}: ${problem}` });
  }
  return applications as SnsApplications;
});

export function applicationFor(
  applications: SnsApplications,
  appId: string,
  platform: PushPlatform,
): string | undefined {
  const key = `${appId}:${platform}`;
  return Object.hasOwn(applications, key) ? applications[key] : undefined;
}

function readObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const isObject = value !== null && typeof value === 'object' && !Array.isArray(value);
    return isObject && Object.keys(value).length > 0 ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function problemOf(key: string, arn: unknown): string | undefined {
  const platform = KEY.exec(key)?.[1] as PushPlatform | undefined;
  if (platform === undefined) return 'the key is not <app id>:<apns, apnsSandbox or fcm>';
  const arnPlatform = typeof arn === 'string' ? ARN.exec(arn)?.[1] : undefined;
  if (arnPlatform === undefined) return 'the value is not the ARN of a platform application';
  if (arnPlatform !== SNS_PLATFORMS[platform]) return `an ARN of ${arnPlatform} does not serve ${platform}`;
  return undefined;
}
