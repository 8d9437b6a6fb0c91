/** A call as the demo prints it: a curl that works as it stands. */
export type PrintedCall = {
  url: string;
  headers: Record<string, string>;
  body: { requestId: string; campaignId: string; recipients: Record<string, unknown>[] };
};

/** Takes the curl commands out of what the demo printed. */
export function readPrintedCalls(text: string): PrintedCall[] {
  return text
    .split(/^curl /m)
    .slice(1)
    .map((command) => {
      const word = (pattern: RegExp) => unquote(pattern.exec(command)?.[1] ?? '');
      const headers = [...command.matchAll(/-H '([^']+)'/g)].map((match) => unquote(match[1]!).split(/:\s*/, 2));
      return {
        url: word(/'(http[^']+)'/),
        headers: Object.fromEntries(headers) as Record<string, string>,
        body: JSON.parse(word(/-d '((?:[^']|'\\'')+)'/)) as PrintedCall['body'],
      };
    });
}

/** Inside single quotes a shell knows one escape: end them, a quoted quote, begin again. */
function unquote(text: string): string {
  return text.replaceAll("'\\''", "'");
}
