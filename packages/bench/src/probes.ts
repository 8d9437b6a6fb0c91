import { findFreePort } from '@outrigger/local/ports.ts';
import { type Child, startChild } from './child.ts';
import type { FromLoad, LoadCounts, ToLoad } from './load/load-main.ts';
import type { ProcessGroup } from './process-usage.ts';
import type { FromProvider, ToProvider } from './provider/provider-main.ts';

export type Provider = Child<ToProvider, FromProvider> & { readonly url: string; readonly taken: number };
export type Load = Child<ToLoad, FromLoad> & { readonly counts: LoadCounts };

/** The two processes outside of what is measured: the provider that counts, and the load. */
export type Probes = { provider: Provider; load: Load; groups: ProcessGroup[]; stop(): Promise<void> };

export async function startProbes(profileFolder: string | undefined): Promise<Probes> {
  const nodeOptions = (name: string) =>
    profileFolder ? ['--cpu-prof', `--cpu-prof-dir=${profileFolder}`, `--cpu-prof-name=${name}.cpuprofile`] : [];
  const port = await findFreePort();
  const providerChild = startChild<ToProvider, FromProvider>(
    'provider/provider-main.ts',
    [String(port)],
    nodeOptions('provider emulator'),
  );
  await providerChild.next('ready');
  const loadChild = startChild<ToLoad, FromLoad>('load/load-main.ts', [], nodeOptions('load generator'));
  let taken = 0;
  let counts: LoadCounts = { calls: 0, accepted: 0, refused: 0, underWay: 0 };
  providerChild.on('taken', (message) => {
    ({ taken } = message);
    loadChild.send({ kind: 'taken', taken });
  });
  loadChild.on('counts', (message) => {
    ({ counts } = message);
  });
  await loadChild.next('counts');
  return {
    provider: Object.defineProperties(providerChild as Provider, {
      url: { value: `http://127.0.0.1:${port}` },
      taken: { get: () => taken },
    }),
    load: Object.defineProperties(loadChild as Load, { counts: { get: () => counts } }),
    groups: [
      { name: 'provider emulator', processIds: () => [providerChild.pid] },
      { name: 'load generator', processIds: () => [loadChild.pid] },
      { name: 'bench', processIds: () => [process.pid] },
    ],
    async stop() {
      await loadChild.stop();
      await providerChild.stop();
    },
  };
}
