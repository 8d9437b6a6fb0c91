import type { Topic } from './topic.ts';

const LONGEST_MS = 5_000;

/**
 * Confirms a subscription of ours. Never by the URL that came in the message: it is built from the topic, which is on our
 * list, and the token (reliability S40). `origin` replaces SNS for an emulator. Throws when SNS does not take it.
 */
export async function confirmSubscription(
  topic: Topic,
  token: string,
  deps: { fetch?: typeof fetch; origin?: string } = {},
): Promise<void> {
  const { fetch: get = fetch, origin = `https://${topic.host}` } = deps;
  const query = new URLSearchParams({
    Action: 'ConfirmSubscription',
    Version: '2010-03-31',
    TopicArn: topic.arn,
    Token: token,
  });
  const response = await get(`${origin}/?${query}`, { redirect: 'error', signal: AbortSignal.timeout(LONGEST_MS) });
  await response.body?.cancel();
  if (response.status !== 200) throw new Error(`SNS answered the confirmation with HTTP ${response.status}`);
}
