export * from './activate.ts';
export * from './sample-curl.ts';
export * from './validate.ts';
