/** What a list was asked: its page, its order, and the filter as it was written. */
export type ListQuery = { count: number; page: number; orderby?: string; property?: string[] };

/** The list envelope of the retrieval API (spec 2.4). `path` is that of the list, for the links. */
export function listEnvelope<Item>(data: Item[], totalCount: number, query: ListQuery, path: string) {
  const { count, page, orderby, property } = query;
  const totalPages = Math.ceil(totalCount / count);
  const link = (number: number) => {
    const parameters = new URLSearchParams({ count: String(count), page: String(number) });
    if (orderby !== undefined) parameters.set('orderby', orderby);
    for (const one of property ?? []) parameters.append('property', one);
    return { href: `${path}?${parameters}` };
  };
  const next = page < totalPages ? page + 1 : null;
  const previous = page > 1 ? page - 1 : null;
  return {
    data,
    _page: {
      ...(orderby !== undefined && { orderby }),
      count: data.length,
      page,
      totalPages,
      totalCount,
      start: (page - 1) * count,
      next,
      previous,
      ...(property !== undefined && property.length > 0 && { property }),
    },
    _links: { self: link(page), ...(next && { next: link(next) }), ...(previous && { previous: link(previous) }) },
  };
}
