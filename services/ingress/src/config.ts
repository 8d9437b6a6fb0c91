import { httpConfig, ledgerConfig, logConfig, queueConfig } from '@outrigger/runtime';

/** Everything the ingress reads from its environment. */
export const ingressConfig = ledgerConfig.extend(queueConfig.shape).extend(httpConfig.shape).extend(logConfig.shape);
