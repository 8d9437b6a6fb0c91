export type Weighted = { name: string; weight: number };

/**
 * Accounts in the order in which one message tries them: a message's first choice falls by weight, its second by weight
 * among the rest, and so on. Weighted rendezvous hashing: the same message id always gives the same order, and an account
 * that comes or goes changes the first choice of its own share of messages alone.
 */
export function pickByWeight<Account extends Weighted>(accounts: Account[], messageId: string): Account[] {
  return accounts
    .map((account) => ({ account, score: -account.weight / Math.log(fraction(`${messageId}/${account.name}`)) }))
    .sort((a, b) => b.score - a.score)
    .map(({ account }) => account);
}

/** A number in (0, 1) that looks random and depends on nothing but the text: FNV-1a, then the finaliser of MurmurHash3. */
function fraction(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (((hash ^ (hash >>> 16)) >>> 0) + 0.5) / 2 ** 32;
}
