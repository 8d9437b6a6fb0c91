/**
 * Group commit: while one flush is under way, what arrives waits and leaves together with the next one. An idle grouper flushes
 * at once (no added latency); a busy one makes large groups. At most `parallel` flushes run, and two of them start at least
 * `spacingMs` apart, unless a full group waits: where a flush costs much by itself, a busy grouper then makes fewer of them.
 * `flush` gets the group in order of arrival and returns one result an item, or throws: then every item of it rejects.
 */
export type Grouper<Item, Result> = {
  add(item: Item): Promise<Result>;
  /** Resolves when nothing is waiting or under way. */
  idle(): Promise<void>;
  readonly waiting: number;
};

export function createGrouper<Item, Result>(options: {
  flush(items: Item[]): Promise<Result[]>;
  maxWeight: number;
  weight?: (item: Item) => number;
  parallel?: number;
  spacingMs?: number;
}): Grouper<Item, Result> {
  const { flush, maxWeight, weight = () => 1, parallel = 1, spacingMs = 0 } = options;
  type Waiter = { item: Item; resolve(result: Result): void; reject(error: unknown): void };
  let queue: Waiter[] = [];
  let running = 0;
  let scheduled = false;
  let startedAt = Number.NEGATIVE_INFINITY;
  let paced = false;
  let idleWaiters: (() => void)[] = [];

  function takeGroup(): Waiter[] {
    let total = 0;
    let count = 0;
    while (count < queue.length) {
      total += weight(queue[count]!.item);
      if (count > 0 && total > maxWeight) break;
      count++;
    }
    const group = queue.slice(0, count);
    queue = queue.slice(count);
    return group;
  }

  function endPace(): void {
    paced = false;
    pump();
  }

  function isFull(): boolean {
    let total = 0;
    for (const { item } of queue) {
      total += weight(item);
      if (total >= maxWeight) return true;
    }
    return false;
  }

  async function run(): Promise<void> {
    const group = takeGroup();
    running++;
    startedAt = performance.now();
    try {
      const results = await flush(group.map((waiter) => waiter.item));
      group.forEach((waiter, index) => {
        waiter.resolve(results[index]!);
      });
    } catch (error) {
      for (const waiter of group) waiter.reject(error);
    } finally {
      running--;
      pump();
    }
  }

  function pump(): void {
    while (queue.length > 0 && running < parallel) {
      const waitMs = startedAt + spacingMs - performance.now();
      if (waitMs > 0 && !isFull()) {
        if (!paced) setTimeout(endPace, waitMs);
        paced = true;
        return;
      }
      void run();
    }
    if (queue.length === 0 && running === 0) {
      for (const resolve of idleWaiters) resolve();
      idleWaiters = [];
    }
  }

  return {
    add(item) {
      return new Promise((resolve, reject) => {
        queue.push({ item, resolve, reject });
        if (scheduled) return;
        // setImmediate lets every request that the event loop read in this turn join the same group.
        scheduled = true;
        setImmediate(() => {
          scheduled = false;
          pump();
        });
      });
    },
    idle() {
      if (queue.length === 0 && running === 0) return Promise.resolve();
      return new Promise((resolve) => idleWaiters.push(resolve));
    },
    get waiting() {
      return queue.length;
    },
  };
}
