import { createGrouper } from '@outrigger/core';

const MAX_GROUP = 1_000;

/**
 * A read of a list, made of the lists of all who ask at about the same time; each gets its own part of the answer. It begins after
 * it was asked for, so it is as fresh as one of its own.
 */
export function shareRead<Asked, Found>(
  read: (asked: Asked[]) => Promise<Found[]>,
  spacingMs: number,
): (asked: Asked[]) => Promise<Found[]> {
  const grouper = createGrouper<Asked[], Found[]>({
    maxWeight: MAX_GROUP,
    weight: (asked) => asked.length,
    parallel: 2,
    spacingMs,
    async flush(lists) {
      const found = await read(lists.flat());
      let until = 0;
      return lists.map((list) => {
        const from = until;
        until += list.length;
        return found.slice(from, until);
      });
    },
  });
  return async (asked) => (asked.length === 0 ? [] : grouper.add(asked));
}
