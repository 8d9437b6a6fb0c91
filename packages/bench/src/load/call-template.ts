import { CALL_SLOT, SLOT, writeNumber } from '../numbers.ts';

/** Everything that the load needs to make a call: plain values, so that they can be handed to its process. */
export type CallPlan = { path: string; headers: Record<string, string>; body: object; recipients: number };

export type CallTemplate = {
  readonly recipients: number;
  /** The whole request of a call, head and body, with the numbers of its recipients from `first` on. */
  request(call: number, first: number): Buffer;
};

/**
 * Prepares a call once. Only eight-digit numbers differ between calls, so each has the same length and is a copy of one buffer
 * with some bytes written over: the load is on the same cores as what it measures.
 */
export function createCallTemplate({ path, headers, body, recipients }: CallPlan): CallTemplate {
  // ASCII throughout: as many bytes as characters, and the same JSON.
  const text = JSON.stringify(body).replace(
    /[^\0-\x7f]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  const head = [
    `POST ${path} HTTP/1.1`,
    'Host: 127.0.0.1',
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    `Content-Length: ${text.length}`,
    '\r\n',
  ].join('\r\n');
  const whole = head + text;
  const model = Buffer.from(whole, 'latin1');
  const slots = [...whole.matchAll(SLOT)].map((match) => ({ at: match.index, place: Number(match[1]) }));
  const callSlots = [...whole.matchAll(new RegExp(CALL_SLOT, 'g'))].map((match) => match.index);
  return {
    recipients,
    request(call, first) {
      const request = Buffer.allocUnsafe(model.length);
      model.copy(request);
      for (const { at, place } of slots) writeNumber(request, at, first + place);
      for (const at of callSlots) writeNumber(request, at, call);
      return request;
    },
  };
}
