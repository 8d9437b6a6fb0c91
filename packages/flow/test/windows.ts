/** The most instants (sorted, in ms) that fall into any window of one second. */
export function mostInAnySecond(instants: number[]): number {
  let most = 0;
  for (let first = 0, last = 0; last < instants.length; last++) {
    while (instants[last]! - instants[first]! >= 1_000) first++;
    most = Math.max(most, last - first + 1);
  }
  return most;
}
