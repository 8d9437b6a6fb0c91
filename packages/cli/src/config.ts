export type Config = { controlUrl: string; ingressUrl: string; headers: Record<string, string> };

const CREDENTIALS = {
  OUTRIGGER_KEY: 'the id of an API key with the scopes that the command needs',
  OUTRIGGER_SECRET: 'the secret of that key',
  OUTRIGGER_ORG: 'the organisation',
  OUTRIGGER_SANDBOX: 'the sandbox of the organisation',
} as const;
/** Where the local start listens. */
const URLS = { OUTRIGGER_URL: 'http://127.0.0.1:8081', OUTRIGGER_INGRESS_URL: 'http://127.0.0.1:8080' } as const;

/** Reads the configuration from the environment, or names every problem at once (never a value). */
export function readConfig(env: NodeJS.ProcessEnv): { config: Config } | { problems: string[] } {
  const problems: string[] = [];
  const credential = (name: keyof typeof CREDENTIALS) => {
    const value = env[name] ?? '';
    if (value === '') problems.push(`${name} is not set: ${CREDENTIALS[name]}`);
    else if (!/^[\x21-\x7e]+$/.test(value)) problems.push(`${name} has characters that a header cannot carry`);
    return value;
  };
  const url = (name: keyof typeof URLS) => {
    const value = env[name] || URLS[name];
    if (!/^https?:\/\//.test(value) || !URL.canParse(value)) problems.push(`${name} must be an http or https URL`);
    return value.replace(/\/+$/, '');
  };
  const config = {
    controlUrl: url('OUTRIGGER_URL'),
    ingressUrl: url('OUTRIGGER_INGRESS_URL'),
    headers: {
      'x-api-key': credential('OUTRIGGER_KEY'),
      authorization: `Bearer ${credential('OUTRIGGER_SECRET')}`,
      'x-gw-ims-org-id': credential('OUTRIGGER_ORG'),
      'x-sandbox-name': credential('OUTRIGGER_SANDBOX'),
    },
  };
  return problems.length > 0 ? { problems } : { config };
}
