import { closeSync, mkdirSync, openSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { SendResult } from '@outrigger/core';

/**
 * The send journal: an append-only file that tells, after a crash, which provider calls were begun and which had answered.
 * `B id token` goes before the call, `R id token {result}` after it, `A id token` takes back a B whose call was not made;
 * `T token` says that the work on a claimed batch has begun.
 * No fsync: it survives the death of the process, not of the machine (2 us a line, measured).
 */
export type Journal = {
  /** The batch of this token is being handled now: if the process dies, that may be why. */
  taken(token: string): void;
  /** False when the lines could not be written (a full disk): then the call must not be made. */
  begin(messageIds: readonly string[], token: string): boolean;
  abandon(messageIds: readonly string[], token: string): void;
  results(results: readonly { messageId: string; result: SendResult }[], token: string): void;
  /** The message's outcome is in the ledger: its lines are no longer needed. */
  settled(messageId: string): void;
  close(): void;
};

/** A segment is closed at this size and removed once all its messages are settled, so the journal stays small. */
const SEGMENT_BYTES = 8 * 1024 * 1024;

type Segment = { path: string; file: number; bytes: number; open: number };

export function openJournal(folder: string, onError: (error: unknown) => void): Journal {
  mkdirSync(folder, { recursive: true });
  let count = 0;
  let current = openSegment();
  const segmentOf = new Map<string, Segment>();

  function openSegment(): Segment {
    const path = join(folder, `${String(++count).padStart(6, '0')}.log`);
    return { path, file: openSync(path, 'a'), bytes: 0, open: 0 };
  }

  /** Lines that cannot be written are reported and never thrown: after a call only its record counts. */
  function append(lines: string): boolean {
    try {
      const bytes = Buffer.from(lines);
      const written = writeSync(current.file, bytes);
      current.bytes += written;
      if (written < bytes.length) throw new Error(`${written} of ${bytes.length} bytes written`);
      return true;
    } catch (error) {
      onError(error);
      return false;
    }
  }

  function removeIfDone(segment: Segment): void {
    if (segment === current || segment.open > 0) return;
    closeSync(segment.file);
    unlinkSync(segment.path);
  }

  return {
    taken(token) {
      append(`T ${token}\n`);
    },
    begin(messageIds, token) {
      if (current.bytes > SEGMENT_BYTES) {
        const full = current;
        current = openSegment();
        removeIfDone(full);
      }
      if (!append(linesOf('B', messageIds, token))) return false;
      for (const messageId of messageIds) {
        // A second account after a refusal, a further push token: begun is begun.
        if (segmentOf.has(messageId)) continue;
        segmentOf.set(messageId, current);
        current.open++;
      }
      return true;
    },
    abandon(messageIds, token) {
      append(linesOf('A', messageIds, token));
      for (const messageId of messageIds) this.settled(messageId);
    },
    results(results, token) {
      append(results.map(({ messageId, result }) => `R ${messageId} ${token} ${JSON.stringify(result)}\n`).join(''));
    },
    settled(messageId) {
      const segment = segmentOf.get(messageId);
      if (!segment) return;
      segmentOf.delete(messageId);
      segment.open--;
      removeIfDone(segment);
    },
    close() {
      closeSync(current.file);
    },
  };
}

function linesOf(kind: 'A' | 'B', messageIds: readonly string[], token: string): string {
  let lines = '';
  for (const messageId of messageIds) lines += `${kind} ${messageId} ${token}\n`;
  return lines;
}

/** The tokens of batches whose handling had begun. */
export function takenTokens(text: string): string[] {
  return [...text.matchAll(/^T (\S+)$/gm)].map(([, token]) => token!);
}

/** What the journal of one worker says of a message under one token: begun only, or answered. */
export type JournalEntry = { begun: true } | { result: SendResult };

/**
 * Reads journal text. A last line that was cut by the crash counts as far as it can be read: a cut B names no message,
 * and a cut R leaves its B standing, which means unknown. Keys are `messageId token`.
 */
export function parseJournal(text: string): Map<string, JournalEntry> {
  const entries = new Map<string, JournalEntry>();
  const end = text.lastIndexOf('\n');
  for (const line of text.slice(0, Math.max(end, 0)).split('\n')) {
    const [kind, messageId, token] = line.split(' ', 3);
    const key = `${messageId} ${token}`;
    if (kind === 'B') entries.set(key, { begun: true });
    else if (kind === 'A') entries.delete(key);
    else if (kind === 'R') {
      const result = parseResult(line.slice(key.length + 3));
      if (result) entries.set(key, { result });
    }
  }
  return entries;
}

/** An R line that cannot be read leaves its B standing. */
function parseResult(text: string): SendResult | undefined {
  try {
    return JSON.parse(text) as SendResult;
  } catch {
    return undefined;
  }
}
