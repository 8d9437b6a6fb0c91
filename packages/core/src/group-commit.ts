/**
 * Group commit without a timer: while one flush is under way, what arrives waits and leaves together with the next one.
 * An idle grouper flushes at once (no added latency); a busy one makes large groups. At most `parallel` flushes run.
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
}): Grouper<Item, Result> {
  const { flush, maxWeight, weight = () => 1, parallel = 1 } = options;
  type Waiter = { item: Item; resolve(result: Result): void; reject(error: unknown): void };
  let queue: Waiter[] = [];
  let running = 0;
  let scheduled = false;
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

  async function run(): Promise<void> {
    const group = takeGroup();
    running++;
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
    while (queue.length > 0 && running < parallel) void run();
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
