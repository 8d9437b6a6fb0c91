import type { Tenant } from '@outrigger/store';
import { type ListedEntry, pageStartText, type SuppressionUpload } from '@outrigger/store';

type Order = { name: string; descending: boolean };

/** An entry as the compatible API shows it (reference suppression.yaml). */
export function entryBody(entry: ListedEntry, tenant: Tenant) {
  return {
    id: entry.id,
    entity: { type: entry.entityType, entityValue: entry.entityValue },
    suppressed: {
      type: entry.suppressedType,
      user: entry.user,
      comment: entry.comment,
      date: entry.suppressedAt.getTime(),
    },
    creationDate: entry.createdAt.getTime(),
    lastModifiedDate: entry.modifiedAt.getTime(),
    // An entry that was taken off is gone; there is none to show.
    status: 'active',
    listType: entry.listType,
    client: { imsOrgId: tenant.orgId, sandboxId: tenant.sandboxName },
  };
}

export function uploadBody(upload: SuppressionUpload) {
  return {
    jobId: upload.uploadId,
    user: upload.user,
    filename: upload.fileName,
    createTime: upload.createdAt.getTime() / 1_000,
    endTime: upload.endedAt === null ? null : upload.endedAt.getTime() / 1_000,
    status: upload.status,
    responseCode: upload.responseCode,
    responseText: upload.responseText,
    recordCount: upload.recordCount,
    handledCount: upload.handledCount,
    failedCount: upload.failedCount,
  };
}

/** What an entry is ordered by, as `start` names it. */
export function entryOrderValue(entry: ListedEntry, name: string): string | number {
  switch (name) {
    case 'entityvalue':
      return entry.entityValue;
    case 'entitytype':
      return entry.entityType;
    case 'lastmodifieddate':
      return entry.modifiedAt.getTime();
    case 'suppresseddate':
      return entry.suppressedAt.getTime();
    case 'suppresseduser':
      return entry.user;
    case 'suppressedcomment':
      return entry.comment;
    default:
      return entry.createdAt.getTime();
  }
}

export function uploadOrderValue(upload: SuppressionUpload, name: string): string | number {
  const { jobId, user, filename, endTime, status, responseCode, recordCount, handledCount, failedCount, createTime } =
    uploadBody(upload);
  const values: Record<string, string | number> = {
    jobid: jobId,
    id: jobId,
    user,
    filename,
    endtime: endTime ?? 0,
    status,
    responsecode: responseCode,
    recordcount: recordCount,
    handledcount: handledCount,
    failedcount: failedCount,
  };
  return values[name] ?? createTime;
}

/**
 * A page with its links. `found` may have one more than `limit`: the first of the next page, whose value is the cursor, as
 * in the compatible API; its id parts it from others of the same value.
 */
export function pageBody<Item>(
  found: Item[],
  page: {
    limit: number;
    order: Order;
    path: string;
    query: Record<string, string>;
    cursorOf(item: Item): { value: string | number; id: string };
    bodyOf(item: Item): unknown;
  },
) {
  const orderby = `${page.order.descending ? '-' : ''}${page.order.name}`;
  const shown = found.slice(0, page.limit);
  const following = found[page.limit];
  const cursor = following && page.cursorOf(following);
  const next = cursor && pageStartText(cursor.value, cursor.id);
  const href = (start: string | undefined) => {
    const query = new URLSearchParams({ ...page.query, limit: String(page.limit), orderby, ...(start && { start }) });
    return { href: `${page.path}?${query}` };
  };
  return {
    _page: { orderby, ...(next && { next }), count: shown.length },
    items: shown.map(page.bodyOf),
    _links: { self: href(page.query.start), ...(next && { next: href(next) }) },
  };
}
