/** What a run showed, in figures, a line each; printed together at its end, where people look. */
export type Summary = {
  note(subject: string, figures: string): void;
  print(): void;
};

export function createSummary(title: string): Summary {
  const lines: [string, string][] = [];
  return {
    note: (subject, figures) => lines.push([subject, figures]),
    print() {
      const width = Math.max(...lines.map(([subject]) => subject.length));
      console.log(`\n${title}`);
      for (const [subject, figures] of lines) console.log(`  ${subject.padEnd(width)}  ${figures}`);
    },
  };
}

export function secondsSince(fromMs: number): string {
  return `${((performance.now() - fromMs) / 1000).toFixed(1)} s`;
}
