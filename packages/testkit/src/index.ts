export * from './ledger.ts';
export * from './queues.ts';
export * from './tenant.ts';
