import { type ChannelPackage, contentParts, templateSettings } from '@outrigger/contracts';
import {
  type CompiledContent,
  type ContentProblem,
  compileContent,
  expandFragments,
  type FragmentLibrary,
  htmlToTextSource,
  MAX_FRAGMENTS,
  type PartSource,
} from '@outrigger/render';

export type CompiledAction = {
  compiled?: CompiledContent;
  problems: ContentProblem[];
  /** Ids of the fragments that were expanded into it. */
  fragmentIds: string[];
};

/**
 * Compiles everything of an action that is a template: its content with the fragments expanded, and the settings of its
 * configuration that are templates (`setting:from_name`). An email's text part that follows the HTML is made here, once,
 * from the compiled HTML.
 */
export async function compileAction(
  action: ChannelPackage,
  settings: Record<string, unknown>,
  library: FragmentLibrary,
): Promise<CompiledAction> {
  const problems: ContentProblem[] = [];
  const used: string[] = [];
  const expanded: Record<string, PartSource> = {};
  const linkDomains = settings.link_domains as string[] | undefined;
  const lineOf = new Map<string, (line: number) => number>();
  for (const [name, part] of Object.entries(contentParts(action))) {
    const result = expandFragments(part.source, name === 'html' ? library : withoutVisual(library));
    problems.push(...result.findings.map((finding) => ({ part: name, ...finding })));
    used.push(...result.used);
    lineOf.set(name, result.lineOf);
    expanded[name] = { ...part, source: result.source, ...(part.escape === 'html' && linkDomains && { linkDomains }) };
  }
  if (used.length > MAX_FRAGMENTS) {
    const message = `${used.length} fragments are used; at most ${MAX_FRAGMENTS} are allowed in a message.`;
    problems.push({ part: 'content', level: 'ERROR', code: 'TPL-0007', message });
  }
  for (const [name, source] of Object.entries(templateSettings(settings))) {
    expanded[`setting:${name}`] = { format: 'liquid', escape: 'none', source, singleLine: true };
  }
  const content = await compileContent(expanded);
  problems.push(...content.problems.map((problem) => moved(problem, lineOf.get(problem.part))));
  const fragmentIds = [...new Set(used)];
  const blocked = problems.some(({ level }) => level === 'ERROR');
  if (!content.compiled || blocked) return { problems, fragmentIds };
  const compiled = await withSyncedText(action, content.compiled);
  return { ...compiled, problems: [...problems, ...compiled.problems], fragmentIds };
}

/** A visual fragment is HTML; elsewhere its tags would be read as text. */
function withoutVisual(library: FragmentLibrary): FragmentLibrary {
  return new Map(
    [...library].map(([id, fragment]) => [
      id,
      typeof fragment === 'object' && fragment.visual ? ('visual' as const) : fragment,
    ]),
  );
}

/** A line of the expanded part, told as the line that the author wrote. */
function moved(problem: ContentProblem, lineOf: ((line: number) => number) | undefined): ContentProblem {
  return problem.line === undefined || !lineOf ? problem : { ...problem, line: lineOf(problem.line) };
}

async function withSyncedText(
  action: ChannelPackage,
  compiled: CompiledContent,
): Promise<{ compiled?: CompiledContent; problems: ContentProblem[] }> {
  const html = compiled.parts.html;
  const wanted = action.channel === 'EMAIL' && (action.content.text?.syncFromHtml ?? true);
  if (!wanted || !html) return { compiled, problems: [] };
  const text = await compileContent({
    text: { format: 'liquid', escape: 'none', source: htmlToTextSource(html.source) },
  });
  if (!text.compiled) return { problems: text.problems };
  // The text reads nothing that the HTML does not read.
  return { compiled: { ...compiled, parts: { ...compiled.parts, ...text.compiled.parts } }, problems: text.problems };
}
