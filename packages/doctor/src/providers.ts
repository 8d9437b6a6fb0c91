import { createEmailProvider, emailProviderConfig } from '@outrigger/channel-email';
import { createPushProvider, pushProviderConfig } from '@outrigger/channel-push';
import { createSmsProvider, smsProviderConfig } from '@outrigger/channel-sms';
import type { Channel, Provider } from '@outrigger/core';
import { workerServiceConfig } from '@outrigger/pipeline';
import { type Finding, good, problem, reasonOf, warning } from './finding.ts';

type Account = { name: string; provider: Provider<never> };

/**
 * The accounts that the workers of this environment would use: whether their variables are complete, and, where a provider can
 * be asked without sending (SES: its quota), whether it takes the credentials. Nothing is sent.
 */
export async function examineProviders(env: NodeJS.ProcessEnv): Promise<Finding[]> {
  const findings = await Promise.all([
    examineChannel('email', () => emailAccounts(env)),
    examineChannel('sms', () => smsAccounts(env)),
    examineChannel('push', () => pushAccounts(env)),
  ]);
  return findings.flat();
}

async function examineChannel(channel: Channel, read: () => { accounts: Account[] } | { problems: string[] }) {
  const found = read();
  if ('problems' in found) {
    return found.problems.map((says) =>
      problem(`${channel} provider`, `${says}.`, 'Correct it; docs/configuration.md lists every variable.'),
    );
  }
  return Promise.all(found.accounts.map((account) => examineAccount(channel, account)));
}

async function examineAccount(channel: Channel, { name, provider }: Account): Promise<Finding> {
  const subject = `${channel} provider ${name}`;
  try {
    if (provider.name === 'sandbox') {
      return warning(
        subject,
        'is the sandbox: nothing reaches anybody.',
        `Set ${channel.toUpperCase()}_PROVIDER to send for real.`,
      );
    }
    if (!provider.readRate)
      return good(subject, 'Its settings are complete. It cannot be asked without sending something.');
    const rate = await provider.readRate();
    return good(subject, `It takes the credentials and allows ${rate ?? 'any number of'} messages a second.`);
  } catch (error) {
    return problem(
      subject,
      `did not answer: ${reasonOf(error)}.`,
      'Check region, endpoint, credentials and their permissions (ses:GetSendQuota).',
    );
  } finally {
    await provider.close();
  }
}

/** A record of the sandbox has nowhere to go here, and none is made. */
const keep = async () => undefined;
/** What every worker needs beside its provider. The doctor opens no port. */
const unused = { PORT: '1', DATABASE_URL: 'postgres://unused' };

function emailAccounts(env: NodeJS.ProcessEnv) {
  const parsed = workerServiceConfig('email', emailProviderConfig).safeParse({ ...filled(env), ...unused });
  if (!parsed.success) return { problems: problemsOf(parsed.error) };
  return {
    accounts: parsed.data.accounts.map(({ name, config }) => ({
      name,
      provider: createEmailProvider(config, { keep }),
    })),
  };
}

function smsAccounts(env: NodeJS.ProcessEnv) {
  const parsed = workerServiceConfig('sms', smsProviderConfig).safeParse({ ...filled(env), ...unused });
  if (!parsed.success) return { problems: problemsOf(parsed.error) };
  return {
    accounts: parsed.data.accounts.map(({ name, config }) => ({ name, provider: createSmsProvider(config, { keep }) })),
  };
}

function pushAccounts(env: NodeJS.ProcessEnv) {
  const parsed = workerServiceConfig('push', pushProviderConfig).safeParse({ ...filled(env), ...unused });
  if (!parsed.success) return { problems: problemsOf(parsed.error) };
  return {
    accounts: parsed.data.accounts.map(({ name, config }) => ({
      name,
      provider: createPushProvider(config, { keep }),
    })),
  };
}

/** An empty variable counts as absent, as it does for the services. */
function filled(env: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => !!entry[1]));
}

function problemsOf(error: { issues: { path: PropertyKey[]; message: string }[] }): string[] {
  return error.issues.map((issue) => `${issue.path.join('.') || 'configuration'}: ${issue.message}`);
}
