import { z } from 'zod';

/** Where traces go; off unless an endpoint is named. */
export const tracingConfig = z.object({
  TRACES_ENDPOINT: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('Traces go there by OTLP over HTTP, such as http://collector:4318/v1/traces. Absent: nothing is traced'),
  TRACES_RATIO: z.coerce
    .number()
    .min(0)
    .max(1)
    .default(1)
    .describe("Share of the calls that are traced when the caller's traceparent does not decide"),
});
export type TracingConfig = z.output<typeof tracingConfig>;
