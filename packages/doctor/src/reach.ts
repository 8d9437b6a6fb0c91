import { type Finding, good, problem, reasonOf, warning } from './finding.ts';

const PATIENCE_MS = 5_000;

/** Whether one of our services is up and has what it needs (`/readyz`). */
export async function examineService(name: string, url: string): Promise<Finding> {
  if (!isHttp(url)) return problem(name, `${url} is no http or https address.`, 'Give the whole address: http://…');
  try {
    const response = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(PATIENCE_MS) });
    if (response.ok) return good(name, `${url} is ready.`);
    const { dependencies = {} } = (await response.json().catch(() => ({}))) as {
      dependencies?: Record<string, string>;
    };
    const missing = Object.entries(dependencies).flatMap(([dependency, state]) => (state === 'up' ? [] : [dependency]));
    return problem(
      name,
      `${url} is up and not ready${missing.length > 0 ? `: it lacks ${missing.join(' and ')}` : ''}.`,
      'Look at what it lacks; it goes on by itself when that is back.',
    );
  } catch (error) {
    return problem(name, `${url} cannot be reached: ${causeOf(error)}.`, 'Start it, or correct its address.');
  }
}

/**
 * Whether a webhook's receiver can be reached from here: name, connection, certificate, and an answer. An empty OPTIONS
 * request, so that nothing happens over there.
 */
export async function examineWebhook(url: string): Promise<Finding> {
  const subject = 'webhook';
  const where = URL.canParse(url) ? new URL(url).origin : 'the address';
  if (!isHttp(url)) {
    return problem(subject, `${where} is no http or https address.`, 'Give the whole address: https://…');
  }
  try {
    const signal = AbortSignal.timeout(PATIENCE_MS);
    const { status } = await fetch(url, { method: 'OPTIONS', redirect: 'manual', signal });
    if (status >= 500)
      return warning(subject, `${where} answers ${status}.`, 'It can be reached; its own log says why.');
    if (status >= 300 && status < 400) {
      return problem(subject, `${where} redirects (${status}).`, 'Give the final address: redirects are not followed.');
    }
    return url.startsWith('https:')
      ? good(subject, `${where} answers (${status} to OPTIONS).`)
      : warning(subject, `${where} answers, without TLS.`, 'Use https: events name people.');
  } catch (error) {
    return problem(subject, `${where} cannot be reached: ${causeOf(error)}.`, 'Check name, firewall and certificate.');
  }
}

function isHttp(url: string): boolean {
  return URL.canParse(url) && /^https?:$/.test(new URL(url).protocol);
}

/** `fetch` says "fetch failed" and keeps the reason as its cause. */
function causeOf(error: unknown): string {
  const { cause } = error as { cause?: unknown };
  return reasonOf(cause ?? error);
}
