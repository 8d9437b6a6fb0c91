import type { StoredSandboxRecord } from '@outrigger/store';

/** Escapes text for HTML content and quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}

const STYLE = `
  :root { color-scheme: light dark; --line: color-mix(in srgb, currentColor 15%, transparent); }
  body { font: 15px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 62rem; padding: 2rem 1rem; }
  h1 { font-size: 1.4rem; margin: 0 0 .25rem; } p { margin: .25rem 0 1.25rem; opacity: .75; }
  table { border-collapse: collapse; width: 100%; } th { text-align: left; font-weight: 600; opacity: .6; }
  th, td { padding: .5rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top; overflow-wrap: anywhere; }
  .channel { border: 1px solid var(--line); border-radius: 1rem; padding: .1rem .6rem; font-size: .8rem; }
  time { white-space: nowrap; opacity: .7; font-variant-numeric: tabular-nums; }
  iframe { width: 100%; height: 75vh; border: 1px solid var(--line); border-radius: .5rem; background: #fff; }
  pre { white-space: pre-wrap; overflow-wrap: anywhere; border: 1px solid var(--line); border-radius: .5rem; padding: .75rem; }
`;

function page(title: string, body: string): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escapeHtml(title)}</title><style>${STYLE}</style></head><body>${body}</body></html>`;
}

/** The list of what the sandbox provider was given, newest first. */
export function sandboxListPage(records: StoredSandboxRecord[]): string {
  const rows = records.map((record) => {
    const summary = record.content.subject ?? record.content.text ?? record.content.title ?? record.messageId;
    return `<tr><td><time>${record.createdAt.toISOString().slice(11, 23)}</time></td>
      <td><span class="channel">${record.channel}</span></td><td>${escapeHtml(record.recipient)}</td>
      <td><a href="/sandbox/messages/${record.recordId}/view">${escapeHtml(String(summary).slice(0, 200))}</a></td></tr>`;
  });
  const empty = '<p>Nothing yet. Trigger a campaign and reload.</p>';
  return page(
    'Sandbox',
    `<h1>Sandbox</h1><p>What would have been sent. Nothing left this machine. JSON: <a href="/sandbox/messages">/sandbox/messages</a></p>
    ${rows.length === 0 ? empty : `<table><tr><th>Time</th><th>Channel</th><th>To</th><th>Message</th></tr>${rows.join('')}</table>`}`,
  );
}

/** One record: a mail's HTML in a sandboxed frame, its headers and text; an SMS or push as text. */
export function sandboxRecordPage(record: StoredSandboxRecord): string {
  const { content } = record;
  const at = `<p>${escapeHtml(record.recipient)} &middot; ${record.createdAt.toISOString()} &middot; message ${record.messageId}</p>`;
  const back = '<p><a href="/sandbox">&larr; all messages</a></p>';
  if (record.channel !== 'email') {
    return page(
      record.channel,
      `${back}<h1>${record.channel}</h1>${at}<pre>${escapeHtml(JSON.stringify(content, null, 2))}</pre>`,
    );
  }
  const headers = Object.entries((content.headers ?? {}) as Record<string, string>);
  return page(
    String(content.subject ?? 'email'),
    `${back}<h1>${escapeHtml(String(content.subject ?? ''))}</h1>${at}
    <iframe sandbox title="HTML part" src="/sandbox/messages/${record.recordId}/html"></iframe>
    <h2>Text part</h2><pre>${escapeHtml(String(content.text ?? ''))}</pre>
    <h2>Headers</h2><pre>${escapeHtml(headers.map(([name, value]) => `${name}: ${value}`).join('\n'))}</pre>
    <p><a href="/sandbox/messages/${record.recordId}/raw">raw message</a></p>`,
  );
}
