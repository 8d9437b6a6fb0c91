/** One arm of an experiment (spec 16.1). A holdout gets nothing. */
export type Treatment = { treatmentId: string; name: string; percentage: number; holdout: boolean };

/**
 * The arm that a person is in. It follows from the person and the experiment alone, so it is the same at every call, in every
 * process, and needs no store. `percentage`s sum to 100; when they change, only people beside a moved border change arms.
 */
export function chooseTreatment<One extends Pick<Treatment, 'percentage'>>(
  treatments: readonly [One, ...One[]],
  experimentId: string,
  person: string,
): One {
  const place = shareOf(`${experimentId}\n${person}`) * 100;
  let border = 0;
  for (const treatment of treatments) {
    border += treatment.percentage;
    if (place < border) return treatment;
  }
  return treatments.at(-1)!;
}

/** A text's place in [0, 1), evenly spread: FNV-1a, then the finalizer of MurmurHash3, which mixes short texts well. */
function shareOf(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}
