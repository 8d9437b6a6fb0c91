import type { Pieces } from '@outrigger/core';

/**
 * A part that was rendered straight into JSON, for a provider that puts template and values together itself. Its plain text is
 * needed by nobody but a message that has to go by itself after all: it is rendered when it is asked for. So a message that waits
 * for its answer holds one text of its own and not two.
 */
export class PiecesInJson implements Pieces {
  readonly fixed: readonly string[];
  readonly slotsInJson: readonly string[];
  readonly #renderSlots: () => readonly string[];
  #slots: readonly string[] | undefined;

  constructor(fixed: readonly string[], slotsInJson: readonly string[], renderSlots: () => readonly string[]) {
    this.fixed = fixed;
    this.slotsInJson = slotsInJson;
    this.#renderSlots = renderSlots;
  }

  get slots(): readonly string[] {
    this.#slots ??= this.#renderSlots();
    return this.#slots;
  }
}

/** V8 keeps this as a tree until somebody reads it. */
export function join(fixed: readonly string[], slots: readonly string[]): string {
  let text = fixed[0]!;
  for (let index = 0; index < slots.length; index += 1) text += slots[index]! + fixed[index + 1]!;
  return text;
}

const PIECES = Symbol('pieces');
type Parts = Record<string, string> & { [PIECES]: Record<string, Pieces> };

/** Makes objects for rendered parts of which those named are put together from their pieces when they are read. */
export function lazyPartsOf(names: readonly string[]): (pieces: Record<string, Pieces>) => Record<string, string> {
  const prototype = {};
  for (const name of names) {
    Object.defineProperty(prototype, name, {
      enumerable: true,
      get(this: Parts) {
        const pieces = this[PIECES][name];
        return pieces && join(pieces.fixed, pieces.slots);
      },
      // A part that was rendered as a whole.
      set(this: Parts, text: string) {
        Object.defineProperty(this, name, { value: text, enumerable: true });
      },
    });
  }
  return (pieces) => {
    const parts = Object.create(prototype) as Parts;
    parts[PIECES] = pieces;
    return parts;
  };
}
