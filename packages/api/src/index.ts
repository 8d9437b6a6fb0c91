export * from './campaign-routes.ts';
export * from './execution-routes.ts';
export * from './health-route.ts';
export * from './ingress-app.ts';
export * from './profile-routes.ts';
export * from './sandbox-routes.ts';
export * from './surface-routes.ts';
export * from './trigger-routes.ts';
