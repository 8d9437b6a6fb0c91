import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { ScaledObject } from '@kubernetes-models/keda/keda.sh/v1alpha1/ScaledObject';
import { describeMetrics } from '@outrigger/metrics';
import { Deployment } from 'kubernetes-models/apps/v1/Deployment';
import { Job } from 'kubernetes-models/batch/v1/Job';
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1/PodDisruptionBudget';
import { ConfigMap } from 'kubernetes-models/v1/ConfigMap';
import { Service } from 'kubernetes-models/v1/Service';
import { parseAllDocuments } from 'yaml';

const ROOT = join(import.meta.dirname, '..', '..');
const MANIFESTS = join(ROOT, 'infra', 'k8s');

const KINDS: Record<string, new (data: never) => { validate(): void }> = {
  ConfigMap,
  Deployment,
  Job,
  PodDisruptionBudget,
  ScaledObject,
  Service,
};

// biome-ignore lint/suspicious/noExplicitAny: a manifest has the shape that its schema gives it, which is what is tested.
type Manifest = any;

function documentsOf(path: string): Manifest[] {
  return parseAllDocuments(readFileSync(path, 'utf8')).map((document) => {
    assert.deepEqual(document.errors, [], path);
    return document.toJS();
  });
}

/** The manifests of a kustomization and of those that it builds on. */
function manifestsOf(folder: string): Manifest[] {
  const [kustomization] = documentsOf(join(MANIFESTS, folder, 'kustomization.yaml'));
  return kustomization.resources.flatMap((resource: string) =>
    resource.endsWith('.yaml') ? documentsOf(join(MANIFESTS, folder, resource)) : manifestsOf(join(folder, resource)),
  );
}

/** Members that a schema does not know: it never looks at them while it validates. */
function unknownMembers(manifest: Manifest): string[] {
  const seen = new Set<string>();
  const watch = (value: Manifest, path: string): Manifest =>
    typeof value !== 'object' || value === null
      ? value
      : new Proxy(value, {
          get(target, name) {
            if (typeof name === 'string') seen.add(`${path}.${name}`);
            return watch(target[name], `${path}.${String(name)}`);
          },
        });
  const paths: string[] = [];
  const walk = (value: Manifest, path: string): void => {
    if (typeof value !== 'object' || value === null) return;
    for (const [name, member] of Object.entries(value)) {
      paths.push(`${path}.${name}`);
      walk(member, `${path}.${name}`);
    }
  };
  walk(manifest, manifest.kind);
  KINDS[manifest.kind]!.prototype.validate.call(watch(manifest, manifest.kind));
  return paths.filter((path) => !seen.has(path));
}

const all = manifestsOf('autoscaling');
const named = (kind: string, name: string) =>
  all.find((manifest) => manifest.kind === kind && manifest.metadata.name === name);
const services = readdirSync(join(ROOT, 'services'));

describe('the Kubernetes manifests', () => {
  test('every manifest has the form that its kind asks for, with no member that it does not know', () => {
    assert.ok(all.length > 15);
    for (const manifest of all) {
      const { kind, metadata } = manifest;
      assert.ok(KINDS[kind], `${kind} is not checked`);
      assert.doesNotThrow(() => new KINDS[kind]!(manifest as never).validate(), `${kind} ${metadata.name}`);
      assert.deepEqual(unknownMembers(manifest), [], `${kind} ${metadata.name}`);
    }
  });

  test('a misspelt member is found, so that the check above can fail', () => {
    const wrong = structuredClone(named('Deployment', 'ingress'));
    wrong.spec.template.spec.containers[0].readynessProbe = {};
    assert.deepEqual(unknownMembers(wrong), ['Deployment.spec.template.spec.containers.0.readynessProbe']);
  });

  test('every service has a Deployment with probes and a PodDisruptionBudget that select its own pods', () => {
    for (const name of services) {
      const deployment = named('Deployment', name);
      assert.ok(deployment, `${name} has no Deployment`);
      const { labels } = deployment.spec.template.metadata;
      assert.deepEqual(deployment.spec.selector.matchLabels, { 'app.kubernetes.io/name': name });
      assert.equal(labels['app.kubernetes.io/name'], name);
      const [container] = deployment.spec.template.spec.containers;
      assert.equal(container.image, `outrigger/${name}`);
      assert.equal(container.readinessProbe.httpGet.path, '/readyz');
      assert.equal(container.livenessProbe.httpGet.path, '/livez');
      assert.equal(named('PodDisruptionBudget', name)?.spec.selector.matchLabels['app.kubernetes.io/name'], name);
    }
  });

  test('nothing runs as root, writes to its own file system or gains privileges', () => {
    for (const manifest of all.filter(({ kind }) => kind === 'Deployment' || kind === 'Job')) {
      const { spec } = manifest.spec.template;
      assert.equal(spec.securityContext.runAsNonRoot, true);
      for (const { securityContext } of spec.containers) {
        assert.equal(securityContext.readOnlyRootFilesystem, true);
        assert.equal(securityContext.allowPrivilegeEscalation, false);
        assert.deepEqual(securityContext.capabilities.drop, ['ALL']);
      }
    }
  });

  test('every worker is scaled by age and backlog of its own lanes, asked with metrics that exist', () => {
    const known = new Set(describeMetrics().map(({ name }) => name));
    for (const name of services.filter((service) => service.endsWith('-worker'))) {
      const scaled = named('ScaledObject', name);
      assert.ok(scaled, `${name} is not scaled`);
      assert.equal(scaled.spec.scaleTargetRef.name, name);
      const queries = scaled.spec.triggers.map((trigger: Manifest) => String(trigger.metadata.query));
      assert.equal(queries.length, 2);
      for (const query of queries) {
        assert.ok(query.includes(`lane=~"${name.replace('-worker', '')}(`), query);
        for (const [metric] of query.matchAll(/outrigger_\w+/g)) assert.ok(known.has(metric), metric);
      }
    }
  });
});
