const UNIT_MS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** An instant as typed: ISO 8601 with a zone, or an age such as `30m`, `2h`, `7d`. As ISO text, or undefined. */
export function readInstant(text: string, nowMs: number): string | undefined {
  const age = /^(\d{1,6})([smhd])$/.exec(text);
  if (age) return new Date(nowMs - Number(age[1]) * UNIT_MS[age[2] as keyof typeof UNIT_MS]).toISOString();
  const zoned = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})$/.test(text);
  const at = zoned ? Date.parse(text) : Number.NaN;
  return Number.isNaN(at) ? undefined : new Date(at).toISOString();
}
