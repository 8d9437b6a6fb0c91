import { API_ERRORS, type ApiErrorCode } from '@outrigger/core';
import type { Operation } from './operations.ts';

const EVERY_CALL: ApiErrorCode[] = ['MSG-000414', 'MSG-000431', 'MSG-000500', 'MSG-000503'];
const WITH_CREDENTIALS: ApiErrorCode[] = ['MSG-000001', 'MSG-000401', 'MSG-000403'];
const WITH_BODY: ApiErrorCode[] = ['MSG-000001', 'MSG-000008', 'MSG-000009', 'MSG-000408', 'MSG-000413', 'MSG-000415'];
const WITH_QUERY: ApiErrorCode[] = ['MSG-000008', 'MSG-000009'];

/** The codes that a route can answer, by status: its own and those that follow from its kind. */
export function errorsOf({ scope, description }: Operation): Map<number, ApiErrorCode[]> {
  const { body, upload, query, errors = [] } = description;
  const codes = new Set<ApiErrorCode>([
    ...(scope === null ? [] : WITH_CREDENTIALS),
    ...(body || upload ? WITH_BODY : []),
    ...(query ? WITH_QUERY : []),
    ...errors,
    ...EVERY_CALL,
  ]);
  return Map.groupBy([...codes].toSorted(), (code) => API_ERRORS[code].status);
}
