export { type Dns, examineDomain } from './domain.ts';
export { type Examination, examine } from './examine.ts';
export type { Finding, Verdict } from './finding.ts';
export { judgeLedger } from './ledger.ts';
export { judgeRedis } from './queue.ts';
