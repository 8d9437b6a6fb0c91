import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { refreshed } from './credentials.ts';

const HOUR = 3_600_000;
const MINUTE = 60_000;

describe('credentials of the default chain', () => {
  it('are loaded once and kept while they are good', async () => {
    const chain = scripted();
    const first = await chain.source();
    assert.equal(chain.source(), first);
    assert.equal(chain.loads(), 1);
  });

  it('are loaded anew before they end, while requests go on with the old ones', async () => {
    const chain = scripted();
    const first = await chain.source();
    chain.setTime(HOUR - 4 * MINUTE);
    assert.equal(chain.source(), first);
    assert.equal(chain.source(), first);
    await chain.settle();
    assert.notEqual(chain.source(), first);
    assert.equal(chain.loads(), 2);
  });

  it('stay in use when a refresh fails, and it is tried again after a pause', async () => {
    const chain = scripted([2]);
    const first = await chain.source();
    chain.setTime(HOUR - 4 * MINUTE);
    chain.source();
    await chain.settle();
    assert.equal(chain.source(), first);
    assert.equal(chain.loads(), 2);
    chain.setTime(HOUR - 3 * MINUTE);
    chain.source();
    await chain.settle();
    assert.notEqual(chain.source(), first);
    assert.equal(chain.loads(), 3);
  });

  it('are waited for when they have ended, once for all who ask', async () => {
    const chain = scripted();
    const first = await chain.source();
    chain.setTime(HOUR + MINUTE);
    const [one, other] = await Promise.all([chain.source(), chain.source()]);
    assert.notEqual(one, first);
    assert.equal(one, other);
    assert.equal(chain.loads(), 2);
  });

  it('say so when there are none, and are asked for again', async () => {
    const chain = scripted([1]);
    await assert.rejects(async () => chain.source(), /no credentials/);
    await chain.source();
  });
});

/** A chain whose credentials hold an hour, and whose nth load fails where `failing` says so. */
function scripted(failing: number[] = []) {
  let nowMs = 0;
  let loads = 0;
  const source = refreshed(
    async () => {
      loads += 1;
      if (failing.includes(loads)) throw new Error('no credentials');
      return { accessKeyId: `key-${loads}`, secretAccessKey: 'secret', expiration: new Date(nowMs + HOUR) };
    },
    () => nowMs,
  );
  return {
    source,
    loads: () => loads,
    setTime: (ms: number) => {
      nowMs = ms;
    },
    settle: () => new Promise((resolve) => setImmediate(resolve)),
  };
}
