import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { startRateReader } from './rate-reader.ts';

describe('reading rates from providers', () => {
  it('keeps what was learned when a later question fails, and leaves out who does not tell', async () => {
    const answers = [14, new Error('away'), 50];
    const seen: string[] = [];
    let ended = () => {};
    const end = new Promise<void>((resolve) => {
      ended = resolve;
    });
    const reader = startRateReader({
      accounts: [
        {
          name: 'ses',
          provider: {
            readRate: async () => {
              const answer = answers.shift();
              if (answer instanceof Error) throw answer;
              return answer ?? 50;
            },
          },
        },
        { name: 'smtp', provider: {} },
      ],
      everyMs: 1,
      onRate: (account, rate) => {
        seen.push(`${account} ${rate}`);
        if (rate === 50) ended();
      },
      onError: (account) => seen.push(`${account} failed, still ${reader.rateOf(account)}`),
    });
    const keepAlive = setInterval(() => {}, 1_000);
    await end;
    clearInterval(keepAlive);
    reader.stop();
    assert.deepEqual(seen, ['ses 14', 'ses failed, still 14', 'ses 50']);
    assert.equal(reader.rateOf('ses'), 50);
    assert.equal(reader.rateOf('smtp'), undefined);
  });
});
