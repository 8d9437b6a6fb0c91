/**
 * Microseconds to read and check one trigger body (readJson + parseTriggerCall).
 * Run by hand: `node packages/contracts/bench/trigger-body.bench.ts`. Prints the best of many rounds.
 */
import { parseTriggerCall, readJson } from '../src/index.ts';

function body(recipients: number): Buffer {
  return Buffer.from(
    JSON.stringify({
      requestId: '018f6e1c-7a7b-7c3e-9a55-3f0c2b1d4e5f',
      campaignId: '018f6e1c-7a7b-7c3e-9a55-3f0c2b1d4e60',
      recipients: Array.from({ length: recipients }, (_, index) => ({
        type: 'external',
        userId: `astrid.lindqvist+${index}@shop.example`,
        namespace: 'email',
        channelData: { emailAddress: `astrid.lindqvist+${index}@shop.example` },
        profile: { person: { name: { firstName: 'Astrid' } } },
        context: { order: { number: `NL-48213-${index}`, total: 1249.5, items: 3 }, note: 'Ring the bell twice' },
      })),
    }),
  );
}

/** Mean time of a call in the quietest of many short rounds, in microseconds: the machine may be busy with other things. */
function best(call: () => unknown, rounds = 400, roundMs = 2): number {
  let quietest = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds; round += 1) {
    const begin = performance.now();
    let calls = 0;
    do {
      for (let index = 0; index < 10; index += 1) call();
      calls += 10;
    } while (performance.now() - begin < roundMs);
    quietest = Math.min(quietest, ((performance.now() - begin) * 1000) / calls);
  }
  return quietest;
}

const bodies = {
  'one recipient': body(1),
  'one recipient, not ASCII': Buffer.from(body(1).toString().replace('Astrid', 'Åstrid')),
  'twenty recipients': body(20),
};
for (const [name, bytes] of Object.entries(bodies)) {
  const read = readJson(bytes);
  if ('refusal' in read) throw new Error(read.refusal.title);
  const checked = parseTriggerCall('unitary', read.value, bytes.length);
  if ('refusal' in checked) throw new Error(checked.refusal.title);
  const readUs = best(() => readJson(bytes));
  const parseUs = best(() => parseTriggerCall('unitary', read.value, bytes.length));
  const jsonUs = best(() => JSON.parse(bytes.toString()));
  console.log(
    `${name} (${bytes.length} bytes): readJson ${readUs.toFixed(2)} us (JSON.parse alone ${jsonUs.toFixed(2)}), ` +
      `parseTriggerCall ${parseUs.toFixed(2)} us`,
  );
}
