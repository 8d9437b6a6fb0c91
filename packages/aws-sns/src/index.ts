export * from './client.ts';
export * from './failure.ts';
export * from './feedback.ts';
export * from './notification.ts';
export * from './signing-certificate.ts';
export * from './subscription.ts';
export * from './topic.ts';
