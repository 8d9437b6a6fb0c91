import { Resolver } from 'node:dns/promises';
import type { Finding } from '@outrigger/doctor';
import type { StandaloneCommand } from '../command.ts';
import { EXIT, usage } from '../exit-codes.ts';
import { clean } from '../table.ts';
import { wrapped } from '../wrapped.ts';

const MARKS = { good: 'ok     ', warning: 'WARNING', problem: 'PROBLEM' } as const;
const INDENT = ' '.repeat(MARKS.good.length + 2);
const WIDTH = 110;
const DOMAIN = /^(?=.{4,253}$)([A-Za-z0-9_]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}$/;
const URLS = { ingress: 'OUTRIGGER_INGRESS_URL', control: 'OUTRIGGER_URL' } as const;

export const DOCTOR: StandaloneCommand = {
  words: ['doctor'],
  operands: '',
  summary: 'What is wrong with the installation, and what to do about it',
  help:
    'Run it in the environment of the services: it reads their variables (DATABASE_URL, QUEUE_URL, the providers’) and looks at\n' +
    'what they would use. It changes nothing and sends nothing. With OUTRIGGER_URL and OUTRIGGER_INGRESS_URL it asks the services too, and\n' +
    'all those of OUTRIGGER_SERVICES: gateway=http://gateway:8080,email-worker=http://email-worker:8080',
  options: {
    domain: {
      type: 'string',
      multiple: true,
      help: 'A sending domain whose SPF, DKIM, DMARC and MX are looked up; may be repeated',
    },
    'dkim-selector': { type: 'string', multiple: true, help: 'A DKIM selector to look for; may be repeated' },
    webhook: { type: 'string', multiple: true, help: 'The address of a webhook receiver to reach; may be repeated' },
    'dns-server': {
      type: 'string',
      help: 'Ask this name server, an address with or without port, and not the system’s',
    },
  },
  async runStandalone({ options, env }) {
    const listOf = (name: string) => (Array.isArray(options[name]) ? (options[name] as string[]) : []);
    const domains = listOf('domain');
    const wrong = domains.find((domain) => !DOMAIN.test(domain));
    if (wrong !== undefined) return usage(`--domain ${wrong} is not a domain name.`);
    const services = servicesOf(env);
    if (typeof services === 'string')
      return usage(`OUTRIGGER_SERVICES: ${services} is not a name, "=" and an address.`);
    // Loaded only here: it brings the drivers and the providers' SDKs, which no other command needs.
    const { examine } = await import('@outrigger/doctor');
    const dns = new Resolver({ timeout: 3_000, tries: 2 });
    const server = options['dns-server'];
    if (typeof server === 'string') dns.setServers([server]);
    const findings = await examine({
      env,
      domains,
      dkimSelectors: listOf('dkim-selector'),
      webhookUrls: listOf('webhook'),
      services,
      dns,
    });
    const order = ['problem', 'warning', 'good'];
    findings.sort((a, b) => order.indexOf(a.verdict) - order.indexOf(b.verdict));
    const count = (verdict: string) => findings.filter((finding) => finding.verdict === verdict).length;
    const summary = `${counted(count('problem'), 'problem')}, ${counted(count('warning'), 'warning')}, ${counted(count('good'), 'check')} passed.`;
    return {
      body: findings,
      text: [...findings.map(inWords), '', summary].join('\n'),
      exitCode: count('problem') > 0 ? EXIT.refused : EXIT.done,
    };
  },
};

/** The addresses of the services that the environment names, or what of it cannot be understood. */
function servicesOf(env: NodeJS.ProcessEnv): Record<string, string> | string {
  const services: Record<string, string> = {};
  for (const [name, variable] of Object.entries(URLS)) if (env[variable]) services[name] = env[variable];
  for (const entry of (env.OUTRIGGER_SERVICES ?? '').split(',').filter(Boolean)) {
    const named = /^([a-z][a-z-]*)=(\S+)$/.exec(entry.trim());
    if (!named) return entry;
    services[named[1]!] = named[2]!;
  }
  return services;
}

/** What is good in a line; what is not in a paragraph, with what to do about it, and nothing cut off. */
function inWords({ verdict, subject, says, todo }: Finding): string {
  if (todo === undefined) return `${MARKS[verdict]}  ${clean(`${subject}: ${says}`)}`;
  const lines = [...wrapped(clean(says), WIDTH), ...wrapped(`To do: ${clean(todo)}`, WIDTH)];
  return [`${MARKS[verdict]}  ${clean(subject)}`, ...lines.map((line) => `${INDENT}${line}`), ''].join('\n');
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
