export { type CompiledContent, type CompiledPart, compileContent, type PartSource } from './compile/content.ts';
export {
  type Expanded,
  expandFragments,
  type FragmentLibrary,
  type FragmentSource,
  fragmentIds,
  MAX_FRAGMENTS,
} from './compile/fragments.ts';
export { htmlToTextSource } from './compile/text.ts';
export { type LoadedContent, loadContent, type RenderData, type RenderOptions, type RenderResult } from './load.ts';
export type { ContentProblem } from './problem.ts';
export { sampleData } from './sample.ts';
