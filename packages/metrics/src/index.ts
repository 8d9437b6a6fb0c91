export * from './catalogue.ts';
export { collectProcessMetrics, describeMetrics, exposition } from './registry.ts';
