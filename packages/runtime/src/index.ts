export * from './config.ts';
export * from './health.ts';
export * from './http.ts';
export * from './http-body.ts';
export * from './http-server.ts';
export * from './http-upload.ts';
export * from './lifecycle.ts';
export * from './log.ts';
