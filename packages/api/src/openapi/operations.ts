import type { Express, IRouter, RequestHandler } from 'express';
import { baseOf, type DescribedRoute, descriptionOf } from '../describe.ts';

/** One route of an app: `path` as OpenAPI writes it. */
export type Operation = DescribedRoute & { method: string; path: string; handler: RequestHandler };

/** Health and the like, for the machines around us. */
const NOT_OF_THE_API = new Set(['/livez', '/readyz', '/metrics']);

/**
 * Every route of an app, read from Express's own tables. `undescribed` names what is not part of the OpenAPI document:
 * a route without a description, or a router that was not mounted with `mount`.
 */
export function operationsOf(app: Express): { operations: Operation[]; undescribed: string[] } {
  const operations: Operation[] = [];
  const undescribed: string[] = [];
  const walk = (router: IRouter, base: string) => {
    for (const layer of router.stack) {
      const { route, handle, name } = layer;
      if (isRouter(handle)) {
        // Used without a path, a router adds nothing to the base; Express marks such a layer.
        const mounted = baseOf(handle) ?? ('slash' in layer && layer.slash === true ? '' : undefined);
        if (mounted !== undefined) walk(handle, base + mounted);
        else if (!isForMachines(handle))
          undescribed.push(`a router (${name}: ${routerPaths(handle)}) that mount() did not mount`);
      }
      if (!route || NOT_OF_THE_API.has(route.path)) continue;
      for (const { method, handle: handler } of route.stack) {
        // `all` has no method: it is what answers 405.
        if (!method) continue;
        const path = (base + route.path).replace(/:(\w+)/g, '{$1}');
        const described = descriptionOf(handler);
        if (described) operations.push({ ...described, method, path, handler });
        else undescribed.push(`${method.toUpperCase()} ${path}`);
      }
    }
  };
  walk(app.router, '');
  return { operations, undescribed };
}

function isForMachines(router: IRouter): boolean {
  return router.stack.every(({ route }) => route && NOT_OF_THE_API.has(route.path));
}

function isRouter(handle: unknown): handle is IRouter {
  return typeof handle === 'function' && 'stack' in handle && Array.isArray(handle.stack);
}

/** What tells somebody which router it is. */
function routerPaths(router: IRouter): string {
  return router.stack.map(({ route }) => route?.path ?? '…').join(', ');
}
