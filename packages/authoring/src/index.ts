export * from './activate.ts';
export * from './configuration-checks.ts';
export * from './definition.ts';
export * from './finding.ts';
export * from './fragment-checks.ts';
export * from './refresh.ts';
export * from './sample-curl.ts';
export * from './validate.ts';
