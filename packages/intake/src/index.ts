export { BadFile } from './bad-file.ts';
export * from './read-samples.ts';
export * from './run-import.ts';
