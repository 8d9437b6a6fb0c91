import { type CampaignDefinition, contentParts } from '@outrigger/contracts';
import { type CompiledContent, compileContent, htmlToTextSource, type PartSource } from '@outrigger/render';
import type { ChannelConfiguration } from '@outrigger/store';

/** One finding of the validation report (spec 5.3). Errors block activation, warnings do not. */
export type Finding = {
  level: 'ERROR' | 'WARNING';
  source: 'CAMPAIGN' | 'MESSAGE' | 'SURFACE' | 'PACKAGE';
  code: string;
  message: string;
};

export type Validation = { findings: Finding[]; compiled?: CompiledContent };

/** Above this size Gmail clips a mail (spec 4.1). */
const CLIP_BYTES = 102_400;

/**
 * Checks a draft as activation will: everything that is missing or wrong is listed at once. `compiled` is there when the
 * content has no errors, even if something else has.
 */
export async function validateDraft(
  definition: CampaignDefinition,
  configuration: ChannelConfiguration | undefined,
  nowMs: number,
): Promise<Validation> {
  const findings: Finding[] = [...checkCampaign(definition, nowMs)];
  const action = definition.packages.find((one) => one.enabled);
  if (!action) {
    findings.push(error('PACKAGE', 'package.missing', 'The campaign has no channel action; add one to packages.'));
    return { findings };
  }
  findings.push(...checkConfiguration(definition, action.channel, configuration));
  findings.push(...checkContent(action));
  const content = await compile(
    contentParts(action),
    action.channel === 'EMAIL' && wantsSyncedText(action.content.text),
  );
  for (const problem of content.problems) {
    const line = problem.line === undefined ? '' : ` (line ${problem.line})`;
    findings.push({
      level: problem.level,
      source: 'MESSAGE',
      code: problem.code,
      message: `${problem.part}${line}: ${problem.message}`,
    });
  }
  const { compiled } = content;
  if (compiled && definition.highThroughputMode) {
    for (const variable of compiled.variables.filter((path) => path.startsWith('profile'))) {
      findings.push(
        error(
          'MESSAGE',
          'content.profile_variable',
          `${variable}: high throughput reads no profiles; use context instead.`,
        ),
      );
    }
  }
  const html = compiled?.parts.html;
  if (html && Buffer.byteLength(html.source) > CLIP_BYTES) {
    findings.push(warning('MESSAGE', 'content.large', 'The HTML is over 100 kB; some mail programs will clip it.'));
  }
  return compiled ? { findings, compiled } : { findings };
}

type Action = CampaignDefinition['packages'][number];

function* checkCampaign(definition: CampaignDefinition, nowMs: number): Generator<Finding> {
  const { schedule } = definition;
  if (!definition.identityNamespace) {
    yield error('CAMPAIGN', 'campaign.namespace_missing', 'Set identityNamespace, for example email or phone.');
  }
  if (definition.highThroughputMode && definition.category !== 'Transactional') {
    yield error('CAMPAIGN', 'campaign.ht_category', 'High throughput is for transactional campaigns only.');
  }
  const start = schedule?.startDateEnabled && schedule.startDate ? Date.parse(schedule.startDate) : undefined;
  const end = schedule?.endDateEnabled && schedule.endDate ? Date.parse(schedule.endDate) : undefined;
  if (schedule?.startDateEnabled && !schedule.startDate) {
    yield error('CAMPAIGN', 'schedule.start_missing', 'startDateEnabled is set but there is no startDate.');
  }
  if (schedule?.endDateEnabled && !schedule.endDate) {
    yield error('CAMPAIGN', 'schedule.end_missing', 'endDateEnabled is set but there is no endDate.');
  }
  if (end !== undefined && end <= nowMs) yield error('CAMPAIGN', 'schedule.end_past', 'The end date is in the past.');
  if (start !== undefined && end !== undefined && end <= start) {
    yield error('CAMPAIGN', 'schedule.end_before_start', 'The end date is not after the start date.');
  }
}

function* checkConfiguration(
  definition: CampaignDefinition,
  channel: Action['channel'],
  configuration: ChannelConfiguration | undefined,
): Generator<Finding> {
  if (!configuration) {
    yield error('SURFACE', 'surface.missing', 'The channel configuration (surfaceId) does not exist in this sandbox.');
    return;
  }
  if (configuration.channel.toUpperCase() !== channel) {
    yield error(
      'SURFACE',
      'surface.channel',
      `The channel configuration is for ${configuration.channel}, the action is ${channel}.`,
    );
  }
  if (configuration.status !== 'Active') {
    yield error(
      'SURFACE',
      'surface.status',
      `The channel configuration is ${configuration.status}; it must be Active.`,
    );
  }
  if (configuration.category !== definition.category) {
    yield error(
      'SURFACE',
      'surface.category',
      `The channel configuration is ${configuration.category}, the campaign ${definition.category}.`,
    );
  }
  if (definition.highThroughputMode && channel === 'SMS') {
    yield error('PACKAGE', 'package.ht_channel', 'High throughput knows email and push, not SMS.');
  }
}

function* checkContent(action: Action): Generator<Finding> {
  switch (action.channel) {
    case 'EMAIL': {
      const { subject, html, mjml, text } = action.content;
      if (subject.trim() === '') yield error('MESSAGE', 'content.subject_missing', 'The subject is empty.');
      if (/[\r\n]/.test(subject)) yield error('MESSAGE', 'content.subject_line_break', 'The subject has a line break.');
      if (html && mjml) yield error('MESSAGE', 'content.two_bodies', 'Give either html or mjml, not both.');
      if (!(html?.body.trim() || mjml?.body.trim())) {
        yield error('MESSAGE', 'content.body_missing', 'The email has no body; set html.body or mjml.body.');
      }
      if (text && !text.syncFromHtml && text.body.trim() === '') {
        yield warning('MESSAGE', 'content.text_missing', 'The text version is empty.');
      }
      return;
    }
    case 'SMS':
      if (action.content.text.trim() === '') yield error('MESSAGE', 'content.text_missing', 'The text is empty.');
      return;
    case 'PUSH': {
      const { pushType, title, message } = action.content;
      if (pushType === 'message' && !title?.trim() && !message?.trim()) {
        yield error('MESSAGE', 'content.text_missing', 'Set a title or a message, or make the push silent.');
      }
      return;
    }
    default:
      action satisfies never;
  }
}

function wantsSyncedText(text: { syncFromHtml: boolean } | undefined): boolean {
  return text?.syncFromHtml ?? true;
}

/** Compiles the parts; an email's text part that follows the HTML is made here, once, from the compiled template. */
async function compile(parts: Record<string, PartSource>, syncText: boolean) {
  const first = await compileContent(parts);
  const html = first.compiled?.parts.html;
  if (!syncText || !html) return first;
  const text: PartSource = { format: 'liquid', escape: 'none', source: htmlToTextSource(html.source) };
  const second = await compileContent({ ...parts, text });
  return { ...second, problems: second.problems };
}

function error(source: Finding['source'], code: string, message: string): Finding {
  return { level: 'ERROR', source, code, message };
}

function warning(source: Finding['source'], code: string, message: string): Finding {
  return { level: 'WARNING', source, code, message };
}
