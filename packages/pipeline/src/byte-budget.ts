/** Gives room to so many bytes at a time, in the order of asking; what is larger than all of it gets all of it. */
export type ByteBudget = { take(bytes: number): Promise<() => void> };

export function createByteBudget(total: number): ByteBudget {
  let free = total;
  const waiting: { bytes: number; enter(): void }[] = [];

  function admit(): void {
    for (let next = waiting[0]; next && next.bytes <= free; next = waiting[0]) {
      waiting.shift();
      free -= next.bytes;
      next.enter();
    }
  }

  return {
    take(asked) {
      const bytes = Math.min(asked, total);
      let given = true;
      const giveBack = () => {
        if (!given) return;
        given = false;
        free += bytes;
        admit();
      };
      return new Promise((resolve) => {
        waiting.push({ bytes, enter: () => resolve(giveBack) });
        admit();
      });
    },
  };
}
