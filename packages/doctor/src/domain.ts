import { type Finding, good, problem, reasonOf, warning } from './finding.ts';

/** The DNS questions that are asked; `node:dns/promises` and its Resolver have them. */
export type Dns = {
  resolveTxt(name: string): Promise<string[][]>;
  resolveMx(name: string): Promise<{ exchange: string }[]>;
  resolveCname(name: string): Promise<string[]>;
};

/** "Not there" is an answer; everything else is a failure to ask. */
const NOT_THERE = /^(ENOTFOUND|ENODATA)$/;

/**
 * Whether receivers can tell that mail from `domain` is meant to be: SPF (RFC 7208), DKIM (RFC 6376) for each selector, DMARC
 * (RFC 7489), and an MX, without which bounces and replies have nowhere to go.
 */
export async function examineDomain(domain: string, selectors: string[], dns: Dns): Promise<Finding[]> {
  const subject = `domain ${domain}`;
  const unless = async (find: () => Promise<Finding>): Promise<Finding> => {
    try {
      return await find();
    } catch (error) {
      return warning(
        subject,
        `DNS did not answer: ${reasonOf(error)}.`,
        'Check the resolver of this machine and ask again.',
      );
    }
  };
  return Promise.all([
    unless(() => examineSpf(subject, domain, dns)),
    ...selectors.map((selector) => unless(() => examineDkim(subject, domain, selector, dns))),
    ...(selectors.length === 0
      ? [
          warning(
            subject,
            'DKIM was not looked at: nobody can list the selectors of a domain.',
            'Name them: --dkim-selector <name>; SES shows three tokens for each identity.',
          ),
        ]
      : []),
    unless(() => examineDmarc(subject, domain, dns)),
    unless(() => examineMx(subject, domain, dns)),
  ]);
}

async function examineSpf(subject: string, domain: string, dns: Dns): Promise<Finding> {
  const records = (await txt(domain, dns)).filter((record) => /^v=spf1( |$)/i.test(record));
  if (records.length === 0) {
    return warning(
      subject,
      'There is no SPF record.',
      'Publish one that names your provider: "v=spf1 include:amazonses.com ~all".',
    );
  }
  if (records.length > 1) {
    return problem(
      subject,
      `There are ${records.length} SPF records: receivers treat that as an error.`,
      'Merge them into one.',
    );
  }
  return /[ ]\+?all$/i.test(records[0]!)
    ? problem(subject, 'The SPF record ends in +all: it lets everybody send.', 'End it in ~all or -all.')
    : good(subject, `SPF: ${records[0]!.slice(0, 120)}`);
}

async function examineDkim(subject: string, domain: string, selector: string, dns: Dns): Promise<Finding> {
  const name = `${selector}._domainkey.${domain}`;
  const keys = (await txt(name, dns)).filter((record) => /(^|;)\s*p=/.test(record));
  if (keys.some((key) => /(^|;)\s*p=[A-Za-z0-9+/]/.test(key))) return good(subject, `DKIM: ${selector} has a key.`);
  if (keys.length > 0) return problem(subject, `DKIM: the key of ${selector} was revoked.`, 'Publish the new one.');
  return problem(
    subject,
    `DKIM: there is no key at ${name}.`,
    'Publish the record that your provider shows for this domain.',
  );
}

async function examineDmarc(subject: string, domain: string, dns: Dns): Promise<Finding> {
  // Without one of its own a subdomain has the policy of its organisational domain (RFC 7489 section 6.6.3).
  const labels = domain.split('.');
  const names = [domain, ...(labels.length > 2 ? [labels.slice(-2).join('.')] : [])];
  for (const name of names) {
    const [record] = (await txt(`_dmarc.${name}`, dns)).filter((one) => /^v=DMARC1/i.test(one));
    if (record === undefined) continue;
    const policy = /;\s*p=(\w+)/i.exec(record)?.[1]?.toLowerCase();
    if (policy === 'none') {
      return warning(
        subject,
        'DMARC: p=none, receivers only report.',
        'Move to p=quarantine once the reports are clean.',
      );
    }
    return good(subject, `DMARC: ${record.slice(0, 120)}`);
  }
  return warning(
    subject,
    'There is no DMARC record; large receivers refuse bulk mail without one.',
    `Publish "v=DMARC1; p=none; rua=mailto:…" at _dmarc.${domain}.`,
  );
}

async function examineMx(subject: string, domain: string, dns: Dns): Promise<Finding> {
  const hosts = await orNothing(dns.resolveMx(domain));
  return hosts.length > 0
    ? good(subject, `MX: ${hosts[0]!.exchange}`)
    : warning(
        subject,
        'There is no MX record: bounces and replies to this domain are lost.',
        'Publish one, or use another reply-to domain.',
      );
}

async function txt(name: string, dns: Dns): Promise<string[]> {
  const records = await orNothing(dns.resolveTxt(name));
  return records.map((parts) => parts.join(''));
}

async function orNothing<Record>(asked: Promise<Record[]>): Promise<Record[]> {
  try {
    return await asked;
  } catch (error) {
    if (NOT_THERE.test(String((error as { code?: unknown }).code))) return [];
    throw error;
  }
}
