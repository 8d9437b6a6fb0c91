export { findFreePort } from '@outrigger/local/ports.ts';
export * from './ledger.ts';
export * from './queues.ts';
export * from './service-process.ts';
export * from './ses-emulator.ts';
export * from './sns-emulator.ts';
export * from './sqs-emulator.ts';
export * from './tenant.ts';
export * from './wait.ts';
