export * from './campaign.ts';
export * from './content.ts';
export * from './error.ts';
export * from './execution.ts';
export * from './message.ts';
export * from './operations.ts';
export * from './people.ts';
export * from './simulation.ts';
