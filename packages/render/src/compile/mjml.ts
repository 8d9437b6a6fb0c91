import { error, type Finding } from '../problem.ts';
import { type Protected, protectMjml, restoreLiquid } from './protect.ts';
import { collapseBlanks } from './whitespace.ts';

/**
 * MJML to HTML with the Liquid left inside, once per version and never at send time. Reads no files, loads no fonts.
 * `html` is absent when something is wrong.
 */
export async function compileMjml(source: string): Promise<{ html?: string; findings: Finding[] }> {
  if (/<!doctype|<!entity/i.test(source)) {
    return { findings: [error('TPL-0006', 'A document type or entities are not allowed in MJML. Remove them.')] };
  }
  if (/<mj-style[^>]*>(?:(?!<\/mj-style)[\s\S])*@import/i.test(source)) {
    return { findings: [error('TPL-0004', '@import in <mj-style> is not allowed. Use <mj-font> for a font.')] };
  }
  const prepared = protectMjml(source);
  if (prepared.findings.length > 0) return { findings: prepared.findings };
  const compiled = await runMjml(prepared);
  if (compiled.html === undefined) return { findings: compiled.findings };
  const isTag = (index: number) => prepared.markers[index]?.piece.kind === 'tag';
  const restored = restoreLiquid(collapseBlanks(compiled.html, prepared.markerPattern, isTag), prepared);
  return restored.findings.length > 0 ? { findings: restored.findings } : { html: restored.html, findings: [] };
}

async function runMjml(prepared: Protected): Promise<{ html?: string; findings: Finding[] }> {
  // Loaded on first use: it brings 200 modules that a worker, which only renders, never needs.
  const { default: mjml2html } = await import('mjml');
  try {
    const { html, errors } = await mjml2html(prepared.mjml, {
      filePath: '',
      fonts: {},
      ignoreIncludes: true,
      keepComments: false,
      minify: false,
      beautify: false,
      validationLevel: 'soft',
    });
    // Strict validation, except that a marker in a colour is none: colours are printed as they are. Lengths are not
    // (MJML calculates with them), so the validator's objection to Liquid in a length stands.
    const objections = errors.filter(({ message }) => {
      prepared.markerPattern.lastIndex = 0;
      return !(prepared.markerPattern.test(message) && / for type Color/.test(message));
    });
    if (objections.length === 0) return { html: html.trim(), findings: [] };
    return {
      findings: objections.map(({ message, tagName, line }) =>
        error('TPL-0006', `<${tagName}>: ${describe(message, prepared)}`, prepared.originalLine(line)),
      ),
    };
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    return { findings: [error('TPL-0006', `MJML cannot read this: ${describe(message, prepared)}`)] };
  }
}

function describe(message: string, prepared: Protected): string {
  let holdsLiquid = false;
  const text = message.replace(prepared.markerPattern, (_, index: string) => {
    holdsLiquid = true;
    return prepared.markers[Number(index)]!.piece.text;
  });
  if (!holdsLiquid) return text.trim();
  return `${text.trim()}. MJML calculates with this value before Liquid runs; write a fixed one.`;
}
