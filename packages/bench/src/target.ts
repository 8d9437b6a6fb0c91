import type { CallPlan } from './load/call-template.ts';
import type { ProcessGroup } from './process-usage.ts';

/** What a run is pointed at: the product, or the naive pipeline. Both are called, counted and measured in the same way. */
export type Target = {
  name: string;
  port: number;
  calls: CallPlan;
  groups: ProcessGroup[];
  versions: Record<string, string>;
  /** What is stored for good and written to logs so far; nothing when it keeps no ledger. */
  stored(): Promise<StoredBytes | undefined>;
  /** What its own book says of the calls that were answered 202, against what the provider has. */
  verify(book: BookToVerify): Promise<string[]>;
  /** In order: nothing that was accepted is left over. Writes CPU profiles when they were asked for. */
  stopServices(): Promise<void>;
  stop(): Promise<void>;
};

export type StoredBytes = { ledger: number; wal: number; queue: number };
export type BookToVerify = {
  executions: Map<string, number>;
  recipientsPerCall: number;
};
