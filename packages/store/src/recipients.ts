import type { Recipient } from '@outrigger/core';

/**
 * What an execution's content holds: the recipients of a call as they were accepted, or, for a batch of an audience
 * execution, who its members are. The data of members is their profile's, and their context is stored with the audience
 * execution, once for all of them.
 */
export type ExecutionContent =
  | { recipients: Recipient[] }
  | { audienceExecutionId: string; namespace: string; userIds: string[] };

/** The recipients of a stored content, in the order of their index; none when it was erased. */
export function recipientsOf(content: string | null): Recipient[] {
  if (content === null) return [];
  const parsed = JSON.parse(content) as ExecutionContent;
  if (!('userIds' in parsed)) return parsed.recipients ?? [];
  const { audienceExecutionId, namespace, userIds } = parsed;
  return userIds.map((userId) => ({ type: 'aep', userId, namespace, audienceExecutionId }));
}

/** A recipient that a person corrected; it goes on sharing the context of its audience execution. */
export function correctedRecipient(override: string, original: Recipient | undefined): Recipient {
  const corrected = JSON.parse(override) as Recipient;
  const { audienceExecutionId } = original ?? {};
  return audienceExecutionId === undefined ? corrected : { ...corrected, audienceExecutionId };
}
