import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';

/** A message that the provider took. */
export type HandOver = { channel: string; messageId: string; key: string; recipient: string };
/** The same in the provider's book, with the instant at which it was taken. */
export type TakenHandOver = HandOver & { atMs: number };
/** What the provider's own book says: what it took, and of which messages it left its caller in doubt. */
export type ProviderLedger = {
  handOvers: TakenHandOver[];
  doubts: Map<string, number>;
  /** How often it reported of a message, and was answered that its report is safe. */
  reports: Map<string, number>;
  unreadable: string[];
};

export function handOverLine(given: HandOver, atMs: number): string {
  return `P\t${given.channel}\t${given.messageId}\t${given.key}\t${given.recipient}\t${atMs}\n`;
}

export function doubtLine(key: string, how: string): string {
  return `T\t${key}\t${how}\n`;
}

export function reportLine(messageId: string, kind: string): string {
  return `E\t${messageId}\t${kind}\n`;
}

/** A request that no message of ours should look like; the check fails on the first of them. */
export function strangeLine(why: string): string {
  return `X\t${why.replaceAll(/\s+/g, ' ')}\n`;
}

/** Reads the books of all emulators. */
export async function readProviderLedgers(paths: string[]): Promise<ProviderLedger> {
  const ledger: ProviderLedger = { handOvers: [], doubts: new Map(), reports: new Map(), unreadable: [] };
  for (const path of paths) {
    for await (const line of createInterface({ input: createReadStream(path, 'utf8') })) {
      const [kind, ...cells] = line.split('\t');
      if (kind === 'P') {
        const [channel = '', messageId = '', key = '', recipient = '', at = ''] = cells;
        ledger.handOvers.push({ channel, messageId, key, recipient, atMs: Number(at) });
      } else if (kind === 'T') ledger.doubts.set(cells[0]!, (ledger.doubts.get(cells[0]!) ?? 0) + 1);
      else if (kind === 'E') ledger.reports.set(cells[0]!, (ledger.reports.get(cells[0]!) ?? 0) + 1);
      else ledger.unreadable.push(line);
    }
  }
  return ledger;
}
