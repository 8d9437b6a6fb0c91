export * from './answers/index.ts';
export * from './campaign.ts';
export * from './content/index.ts';
export * from './execution.ts';
export * from './json.ts';
export * from './profile.ts';
export * from './provider-pool.ts';
export * from './suppression.ts';
