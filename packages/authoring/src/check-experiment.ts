import { type ChannelPackage, treatmentsOf, variantsOf } from '@outrigger/contracts';
import { checkContent } from './check-content.ts';
import { error, type Finding } from './finding.ts';

/** What is wrong with an action's experiment, and with the contents of its treatments (spec 16.1). */
export function* checkExperiment(action: ChannelPackage): Generator<Finding> {
  const treatments = treatmentsOf(action);
  if (treatments.length === 0) return;
  const wrong = (code: string, message: string) => error('PACKAGE', `experiment.${code}`, message);
  const sum = treatments.reduce((total, { percentage }) => total + percentage, 0);
  if (Math.abs(sum - 100) > 1e-9) {
    yield wrong('percentages', `The percentages of the treatments sum to ${sum}; they must make 100.`);
  }
  if (new Set(treatments.map(({ name }) => name)).size < treatments.length) {
    yield wrong('name_twice', 'Two treatments have the same name.');
  }
  if (treatments.filter(({ holdout }) => holdout).length > 1) {
    yield wrong('holdouts', 'An experiment has one holdout at most.');
  }
  if (treatments.every(({ holdout }) => holdout)) {
    yield wrong('all_held_out', 'Every treatment is a holdout: nobody would get anything.');
  }
  if (treatments.some(({ holdout, content }) => holdout && content)) {
    yield wrong('holdout_content', 'A holdout gets nothing; remove its content.');
  }
  for (const variant of variantsOf(action).filter(({ own }) => own)) {
    for (const finding of checkContent(variant.action)) {
      yield { ...finding, message: `${variant.name}: ${finding.message}` };
    }
  }
}
