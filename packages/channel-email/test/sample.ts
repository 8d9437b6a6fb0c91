import type { EmailMessage } from '@outrigger/core';

/** An order confirmation with everything that is hard to write: names, umlauts, emoji, long lines, a lone dot. */
export function sampleEmail(messageId: string, to = 'ada@example.com'): EmailMessage {
  return {
    messageId,
    from: { name: 'Müller & Söhne, Läden', address: 'shop@example.org' },
    replyTo: { name: 'Service "24/7"', address: 'service@example.org' },
    to,
    subject: 'Ihre Bestellung ist unterwegs 🚚 und kommt morgen zwischen neun und zwölf Uhr an',
    html: `<!doctype html>\n<html><body>\n.\n<p>Grüße, Ada = ok</p>${'<td>x</td>'.repeat(300)}\n</body></html>`,
    text: 'Grüße, Ada\n.\n..\nFrom here on: fine. \n',
    headers: { 'List-Unsubscribe': '<https://example.org/u/1>, <mailto:u@example.org>', 'X-Order': 'ä 17' },
  };
}
