import type { TestCaller } from '@outrigger/testkit';

/** One call in a caller's name; a body that is not a text is sent as JSON. */
export async function call(
  caller: TestCaller,
  method: string,
  url: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<{ status: number; text: string; etag: string | null }> {
  const response = await fetch(url, {
    method: method.toUpperCase(),
    headers: { ...caller.headers, ...headers },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  return { status: response.status, text: await response.text(), etag: response.headers.get('etag') };
}
