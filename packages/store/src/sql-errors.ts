/** The statement was refused for what is in it (SQLSTATE classes 22 and 23): it would be refused again. */
export function isRefusedData(error: unknown): boolean {
  return /^2[23]/.test(codeOf(error));
}

/** A unique key is taken (SQLSTATE 23505). */
export function isTaken(error: unknown): boolean {
  return codeOf(error) === '23505';
}

function codeOf(error: unknown): string {
  return String((error as { code?: unknown } | undefined)?.code ?? '');
}
