import { CONFIGURATION_SETTINGS, templateSettings } from '@outrigger/contracts';
import {
  type EmailSettings,
  foldedWord,
  type KeywordKind,
  parseEmailAddress,
  SMS_KEYWORDS,
  type SmsKeywords,
  smsSegments,
} from '@outrigger/core';
import { compileContent } from '@outrigger/render';
import { beginUpdate, type ChannelConfiguration, endUpdate, moveConfiguration, type Pool } from '@outrigger/store';

/** The shortest time a message may be tried again, in minutes (spec 3.2). */
const SHORTEST_RETRY = { Marketing: 6 * 60, Transactional: 10 };

type Checked = Pick<ChannelConfiguration, 'channel' | 'category' | 'highThroughput' | 'settings'>;

/**
 * What keeps a configuration from being in force, each as a sentence: what is missing, addresses and templates that are not
 * well-formed, and what its mode does not allow. Nothing outside is asked.
 */
export async function configurationProblems(configuration: Checked): Promise<string[]> {
  const { channel, category, highThroughput, settings } = configuration;
  const parsed = CONFIGURATION_SETTINGS[channel].safeParse(settings);
  if (!parsed.success) {
    return parsed.error.issues.slice(0, 20).map(({ path, message }) => `settings.${path.join('.')}: ${message}.`);
  }
  const problems: string[] = [];
  const templates = templateSettings(settings);
  for (const [name, value] of Object.entries(settings)) {
    if (!name.endsWith('_email') || Object.hasOwn(templates, name)) continue;
    const address = parseEmailAddress(String(value));
    if ('problem' in address) problems.push(`settings.${name}: ${address.problem}.`);
  }
  for (const { domain } of (settings.subdomains ?? []) as { domain: string }[]) {
    const address = parseEmailAddress(`x@${domain}`);
    if ('problem' in address) problems.push(`settings.subdomains: ${domain}: ${address.problem}.`);
  }
  problems.push(...(await templateProblems(templates, highThroughput)));
  if (channel === 'email') problems.push(...copyProblems(settings as unknown as EmailSettings));
  if (channel === 'sms') problems.push(...smsProblems(settings, highThroughput));
  if (settings.send_to_complained === true && category !== 'Transactional') {
    problems.push('settings.send_to_complained: for Transactional alone.');
  }
  const retry = settings.retry_period_minutes;
  if (typeof retry === 'number' && retry < SHORTEST_RETRY[category]) {
    problems.push(`settings.retry_period_minutes: at least ${SHORTEST_RETRY[category]} for ${category}.`);
  }
  return problems;
}

/** An archive in a domain that we send from would take copies for mail of its own (spec 3.2). */
function copyProblems({ bcc_email: archive, seeds, from_email: from, subdomains = [] }: EmailSettings): string[] {
  const problems = (seeds?.addresses ?? []).flatMap((one) => {
    const parsed = parseEmailAddress(one);
    return 'problem' in parsed ? [`settings.seeds: ${one}: ${parsed.problem}.`] : [];
  });
  const domainOf = (one: string) => one.slice(one.lastIndexOf('@') + 1).toLowerCase();
  const sending = [domainOf(from), ...subdomains.map(({ domain }) => domain.toLowerCase())];
  if (archive !== undefined && sending.includes(domainOf(archive))) {
    problems.push('settings.bcc_email: an address outside the domains that this configuration sends from.');
  }
  return problems;
}

async function templateProblems(templates: Record<string, string>, highThroughput: boolean): Promise<string[]> {
  const parts = Object.entries(templates).map(([name, source]) => [
    name,
    { format: 'liquid', escape: 'none', source, singleLine: true },
  ]);
  const { problems, compiled } = await compileContent(Object.fromEntries(parts));
  const found = problems
    .filter(({ level }) => level === 'ERROR')
    .map(({ part, message }) => `settings.${part}: ${message}`);
  const profile = compiled?.variables.find((path) => /^profile(?![\w-])/.test(path));
  if (highThroughput && profile !== undefined) {
    found.push(`${profile} is read by a setting; a high-throughput configuration has no profile.`);
  }
  return found;
}

/** A sender is a number or up to eleven characters of the GSM alphabet (3GPP TS 23.040, 9.1.2.5). */
function smsProblems(settings: Record<string, unknown>, highThroughput: boolean): string[] {
  const problems = highThroughput ? ['High throughput knows email and push, not SMS.'] : [];
  const { sender } = settings;
  if (typeof sender === 'string' && !/^\+?[\d ]{3,20}$/.test(sender)) {
    if (sender.trim().length > 11 || smsSegments(sender).encoding !== 'gsm-7') {
      problems.push('settings.sender: a number, or at most 11 characters of the GSM alphabet.');
    }
  }
  const own = (settings.keywords ?? {}) as SmsKeywords;
  const words = (Object.keys(SMS_KEYWORDS) as KeywordKind[]).flatMap((kind) => [
    ...new Set((own[kind] ?? SMS_KEYWORDS[kind]).map(foldedWord)),
  ]);
  const twice = words.find((word, place) => words.indexOf(word) !== place);
  if (twice !== undefined) problems.push(`settings.keywords: ${twice} stands for two things.`);
  if (settings.keywords !== undefined && !/^\+?[\d ]{3,20}$/.test(String(sender ?? ''))) {
    problems.push('settings.keywords: nobody can answer a sender that is no number.');
  }
  return problems;
}

/** Runs the checks of a configuration that was submitted, and ends its processing: Active, or Failed with the reasons. */
export async function processConfiguration(
  pool: Pool,
  submitted: ChannelConfiguration,
  by: string,
): Promise<ChannelConfiguration | undefined> {
  const problems = await configurationProblems(submitted);
  return moveConfiguration(pool, submitted, problems.length === 0 ? 'pass' : 'fail', by, problems);
}

/**
 * Changes the settings of an active configuration: the new ones are checked beside those in force, which serve on, and take
 * their place when nothing is wrong. Undefined when the configuration is not active, or changed meanwhile.
 */
export async function updateConfiguration(
  pool: Pool,
  configuration: ChannelConfiguration,
  settings: Record<string, unknown>,
  by: string,
): Promise<ChannelConfiguration | undefined> {
  const begun = await beginUpdate(pool, configuration, settings, by);
  if (!begun) return undefined;
  return endUpdate(pool, begun, await configurationProblems({ ...begun, settings }));
}
