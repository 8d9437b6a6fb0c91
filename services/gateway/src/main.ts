/** The gateway: takes what providers report, brings it into the ledger, and tells the webhooks what the ledger says. */
import { createGatewayApp } from '@outrigger/api';
import { readSnsFeedback } from '@outrigger/aws-sns';
import { readSesFeedback, resolveEmailTargets } from '@outrigger/channel-email';
import { resolveSmsTargets } from '@outrigger/channel-sms';
import {
  createCallbackStore,
  createPeopleSettings,
  openLedger,
  type ResolveAddress,
  startFeedback,
  startNotifier,
} from '@outrigger/pipeline';
import { createLog, listen, loadConfig, runService } from '@outrigger/runtime';
import { declareSources } from '@outrigger/store';
import { gatewayConfig } from './config.ts';
import { pollerOf, receiverOf, startBeingThere } from './sources.ts';

const config = loadConfig(gatewayConfig, process.env);
const log = createLog('gateway', config.LOG_LEVEL);
/** SNS has no tags: what it reports is no evidence, so nobody waits for it. */
const EVIDENCE = { ses: ['email'], sns: [] };
const resolveAddress: ResolveAddress = {
  email(input) {
    const found = resolveEmailTargets(input);
    return 'targets' in found ? found.targets[0]?.address : undefined;
  },
  sms(input) {
    const found = resolveSmsTargets(input);
    return 'targets' in found ? found.targets[0]?.phoneNumber : undefined;
  },
};

await runService(log, async (parts) => {
  const pool = openLedger('gateway', config, log, parts);
  const sources = config.CALLBACK_SOURCES;
  await declareSources(
    pool,
    sources.map((source) => ({ ...source, channels: EVIDENCE[source.provider] })),
  );
  const feedback = startFeedback({
    pool,
    log,
    readers: { ses: readSesFeedback, sns: readSnsFeedback },
    resolveEmail: resolveEmailTargets,
    loadPeopleSettings: createPeopleSettings(pool),
    softBounceThreshold: config.SOFT_BOUNCE_THRESHOLD,
  });
  parts.push(feedback);
  const callbacks = createCallbackStore(pool, feedback.wake);
  parts.push(callbacks);
  const deps = { pool, log, store: callbacks.store };
  parts.push(...sources.flatMap((source) => pollerOf(source, deps)));
  const receivers = new Map(
    sources.map((source) => [`${source.provider}/${source.account}`, receiverOf(source, deps)]),
  );
  const app = createGatewayApp({ pool, log, receivers });
  parts.push(await listen(app, { host: config.HOST, port: config.PORT }));
  parts.push(startNotifier({ pool, log, resolveAddress, allowInsecure: config.WEBHOOK_ALLOW_INSECURE }));
  parts.push(startBeingThere(sources, config.CALLBACK_SETTLE_MS, deps));
});
