import type { ApiErrorCode } from '@outrigger/core';
import type { Scope } from '@outrigger/store';
import type { RequestHandler, Router } from 'express';
import type { z } from 'zod';

/** What the OpenAPI document says of a route. Schemas are the ones that the handler checks with, never copies. */
export type RouteDescription = {
  /** The heading under which the page shows the route. */
  group: string;
  /** One line: what the call does. */
  summary: string;
  /** What one line does not hold. */
  details?: string;
  query?: z.ZodObject;
  /** What the parameters of the path are, where their name does not say it. */
  path?: Record<string, string>;
  /** A route with a body: `route` reads it, as JSON and up to this size, before it calls the handler. */
  body?: { schema: z.ZodType; limitBytes: number };
  /** A route that takes files: the handler reads the body itself, under the limit. */
  upload?: { schema: z.ZodObject; limitBytes: number };
  /** The schema of the body by status; a text names the media type of an answer that is not JSON; null: no body. */
  answers: Record<number, z.ZodType | string | null>;
  /** Codes beyond those that every route can answer (openapi/errors.ts has these). */
  errors?: ApiErrorCode[];
};

/** A route as registered: `scope` is null for what anybody may ask. */
export type DescribedRoute = { scope: Scope | null; description: RouteDescription };

// Kept beside the handlers, so that Express's own tables stay the only list of routes: none can be missing here.
const descriptions = new WeakMap<object, DescribedRoute>();
const bases = new WeakMap<object, string>();

export function describeHandler(handler: RequestHandler, route: DescribedRoute): RequestHandler {
  descriptions.set(handler, route);
  return handler;
}

/** A route for everybody: no credentials are asked for. It must not show anything that belongs to somebody. */
export function openRoute(description: RouteDescription, handler: RequestHandler): RequestHandler {
  return describeHandler(handler, { scope: null, description });
}

export function descriptionOf(handler: object): DescribedRoute | undefined {
  return descriptions.get(handler);
}

/** Mounts a router on an app or in another router, and remembers where: Express forgets the text of a mount path. */
export function mount(onto: { use(path: string, router: Router): unknown }, base: string, router: Router): void {
  bases.set(router, base === '/' ? '' : base);
  onto.use(base, router);
}

export function baseOf(router: object): string | undefined {
  return bases.get(router);
}
