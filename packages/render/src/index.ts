export { type CompiledContent, type CompiledPart, compileContent, type PartSource } from './compile/content.ts';
export { htmlToTextSource } from './compile/text.ts';
export { type LoadedContent, loadContent, type RenderData, type RenderResult } from './load.ts';
export type { ContentProblem } from './problem.ts';
export { sampleData } from './sample.ts';
