/**
 * The variables that point every channel's worker to emulated providers: one account each, with a stated rate, so that nobody
 * asks for one.
 */
export function accountVariables(providers: {
  sesUrl: string;
  snsUrl: string;
  ratePerSecond: number;
  pushApp: string;
}): Record<'EMAIL_ACCOUNTS' | 'SMS_ACCOUNTS' | 'PUSH_ACCOUNTS', string> {
  const account = (name: string, values: Record<string, string>) =>
    JSON.stringify([{ name, rate_per_second: providers.ratePerSecond, ...values }]);
  const of = (service: 'SES' | 'SNS', url: string) => ({
    [`${service}_REGION`]: 'eu-central-1',
    [`${service}_ENDPOINT`]: url,
    [`${service}_ACCESS_KEY_ID`]: 'emulated',
    [`${service}_SECRET_ACCESS_KEY`]: 'emulated',
  });
  const sns = of('SNS', providers.snsUrl);
  return {
    EMAIL_ACCOUNTS: account('ses', { EMAIL_PROVIDER: 'ses', ...of('SES', providers.sesUrl) }),
    SMS_ACCOUNTS: account('sns', { SMS_PROVIDER: 'sns', ...sns }),
    PUSH_ACCOUNTS: account('sns', {
      PUSH_PROVIDER: 'sns',
      ...sns,
      SNS_PUSH_APPLICATIONS: JSON.stringify({
        [`${providers.pushApp}:fcm`]: 'arn:aws:sns:eu-central-1:123456789012:app/GCM/emulated',
      }),
    }),
  };
}
