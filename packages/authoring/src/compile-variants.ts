import { type ChannelPackage, variantsOf } from '@outrigger/contracts';
import type { CompiledContent, ContentProblem, FragmentLibrary } from '@outrigger/render';
import { type CompiledAction, compileAction } from './compile-action.ts';

/** The compiled content of a version; with an experiment also that of each treatment that has content of its own. */
export type CompiledVariants = CompiledContent & { treatments?: Record<string, CompiledContent> };

/**
 * Compiles what an action may send. The variables are those of all variants together: a call has to bring them along, whoever
 * gets which.
 */
export async function compileVariants(
  action: ChannelPackage,
  settings: Record<string, unknown>,
  library: FragmentLibrary,
): Promise<CompiledAction & { compiled?: CompiledVariants }> {
  const base = await compileAction(action, settings, library);
  const own = variantsOf(action).filter((variant) => variant.own);
  if (own.length === 0) return base;
  const problems: ContentProblem[] = [...base.problems];
  const fragmentIds = new Set(base.fragmentIds);
  const treatments: Record<string, CompiledContent> = {};
  for (const variant of own) {
    const compiled = await compileAction(variant.action, settings, library);
    // What is wrong with the settings was told once.
    const found = compiled.problems.filter(({ part }) => !part.startsWith('setting:'));
    problems.push(...found.map((problem) => ({ ...problem, part: `${variant.name}, ${problem.part}` })));
    for (const id of compiled.fragmentIds) fragmentIds.add(id);
    if (compiled.compiled) treatments[variant.variantId] = compiled.compiled;
  }
  const rest = { problems, fragmentIds: [...fragmentIds] };
  if (!base.compiled || Object.keys(treatments).length < own.length) return rest;
  const all = [base.compiled, ...Object.values(treatments)].flatMap(({ variables }) => variables);
  return { ...rest, compiled: { ...base.compiled, variables: [...new Set(all)].sort(), treatments } };
}
