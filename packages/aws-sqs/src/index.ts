export * from './queue-reader.ts';
