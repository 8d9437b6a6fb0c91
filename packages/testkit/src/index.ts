export * from './ledger.ts';
export * from './queues.ts';
export * from './service-process.ts';
export * from './tenant.ts';
export * from './wait.ts';
