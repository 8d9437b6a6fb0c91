import { createEmailProvider, emailProviderConfig } from '@outrigger/channel-email';
import { createPushProvider, pushProviderConfig } from '@outrigger/channel-push';
import { createSmsProvider, smsProviderConfig } from '@outrigger/channel-sms';
import type { Channel, Provider } from '@outrigger/core';
import { workerServiceConfig } from '@outrigger/pipeline';
import { problemInWords } from '@outrigger/runtime';
import { type Finding, good, problem, reasonOf, warning } from './finding.ts';

type Account = { name: string; provider: Provider<never> };
type Read = { accounts: Account[] } | { problems: string[] };

/**
 * The accounts that the workers of this environment would use: whether their variables are complete, and, where a provider can
 * be asked without sending (SES: its quota), whether it takes the credentials. Nothing is sent.
 */
export async function examineProviders(env: NodeJS.ProcessEnv): Promise<Finding[]> {
  const channels = { email: emailAccounts(env), sms: smsAccounts(env), push: pushAccounts(env) };
  const problemsOf = Object.values(channels).map((found) => ('problems' in found ? found.problems : []));
  // What is wrong with a variable that all workers read is said once.
  const common = problemsOf[0]!.filter((one) => problemsOf.every((problems) => problems.includes(one)));
  const findings = await Promise.all(
    (Object.keys(channels) as Channel[]).map((channel) => examineChannel(channel, channels[channel], common)),
  );
  return [...common.map((says) => configurationProblem('configuration', says)), ...findings.flat()];
}

async function examineChannel(channel: Channel, found: Read, common: string[]): Promise<Finding[]> {
  if ('accounts' in found) return Promise.all(found.accounts.map((account) => examineAccount(channel, account)));
  return found.problems
    .filter((one) => !common.includes(one))
    .map((says) => configurationProblem(`${channel} provider`, says));
}

function configurationProblem(subject: string, says: string): Finding {
  return problem(subject, `${says}.`, 'Correct it; docs/configuration.md lists every variable.');
}

async function examineAccount(channel: Channel, { name, provider }: Account): Promise<Finding> {
  const subject = `${channel} provider ${name}`;
  try {
    if (provider.name === 'sandbox') {
      return warning(
        subject,
        'This is the sandbox: nothing reaches anybody.',
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
      `Did not answer: ${reasonOf(error)}.`,
      'Check region, endpoint, credentials and their permissions (ses:GetSendQuota).',
    );
  } finally {
    await provider.close();
  }
}

/** A record of the sandbox has nowhere to go here, and none is made. */
const keep = async () => undefined;

function emailAccounts(env: NodeJS.ProcessEnv): Read {
  const parsed = workerServiceConfig('email', emailProviderConfig).safeParse(settingsOf(env));
  if (!parsed.success) return { problems: parsed.error.issues.map(problemInWords) };
  return {
    accounts: parsed.data.accounts.map(({ name, config }) => ({
      name,
      provider: createEmailProvider(config, { keep }),
    })),
  };
}

function smsAccounts(env: NodeJS.ProcessEnv): Read {
  const parsed = workerServiceConfig('sms', smsProviderConfig).safeParse(settingsOf(env));
  if (!parsed.success) return { problems: parsed.error.issues.map(problemInWords) };
  return {
    accounts: parsed.data.accounts.map(({ name, config }) => ({ name, provider: createSmsProvider(config, { keep }) })),
  };
}

function pushAccounts(env: NodeJS.ProcessEnv): Read {
  const parsed = workerServiceConfig('push', pushProviderConfig).safeParse(settingsOf(env));
  if (!parsed.success) return { problems: parsed.error.issues.map(problemInWords) };
  return {
    accounts: parsed.data.accounts.map(({ name, config }) => ({
      name,
      provider: createPushProvider(config, { keep }),
    })),
  };
}

/**
 * A worker's variables; an empty one counts as absent, as it does for the services. The stores are examined by themselves, and the
 * doctor opens no port.
 */
function settingsOf({ QUEUE_URL: _queueUrl, ...env }: NodeJS.ProcessEnv): Record<string, string> {
  const filled = Object.entries(env).filter((entry): entry is [string, string] => !!entry[1]);
  return { ...Object.fromEntries(filled), PORT: '1', DATABASE_URL: 'postgres://unused' };
}
