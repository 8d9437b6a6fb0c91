export * from './run-import.ts';
