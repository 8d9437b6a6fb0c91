import { DEMO_ORG, DEMO_SANDBOX, type DemoKey } from './key.ts';

const BASE = '/journey/campaigns/service';

/** Calls the control service as the demo tenant would; anything but a success is thrown with what it said. */
export function controlClient(controlUrl: string, key: DemoKey) {
  return async function call<Body>(method: string, path: string, body?: unknown): Promise<Body> {
    const response = await fetch(`${controlUrl}${BASE}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${key.secret}`,
        'x-api-key': key.keyId,
        'x-gw-ims-org-id': DEMO_ORG,
        'x-sandbox-name': DEMO_SANDBOX,
        'content-type': 'application/json',
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text.slice(0, 500)}`);
    return JSON.parse(text) as Body;
  };
}
