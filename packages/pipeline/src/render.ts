import type { ChannelPort, Outcome } from '@outrigger/core';
import type { RenderOptions } from '@outrigger/render';
import type { Rendered, Resolved, Step } from './step.ts';
import { contentFor } from './treatment.ts';

/**
 * Stage: runs the version's compiled content on the person's data and builds the final message for each address. A bug that
 * throws in here ends this message alone (050301); otherwise one message could stop its whole batch again and again.
 */
export function render<Settings, Target, Message>(
  step: Step<Resolved<Settings, Target>>,
  channel: ChannelPort<Settings, Target, Message>,
  options: RenderOptions = {},
): Step<Rendered<Settings, Message>> {
  try {
    return renderStep(step, channel, options);
  } catch (error) {
    const detail = error instanceof Error ? error.name : typeof error;
    return { message: step.message, stop: { state: 'failed', code: '050301', detail } };
  }
}

function renderStep<Settings, Target, Message>(
  step: Step<Resolved<Settings, Target>>,
  channel: ChannelPort<Settings, Target, Message>,
  options: RenderOptions,
): Step<Rendered<Settings, Message>> {
  if ('stop' in step) return step;
  const { message, go } = step;
  const { version } = go;
  const chosen = contentFor(version, message);
  if ('heldOut' in chosen) return { message, stop: { state: 'excluded', code: '050018', detail: chosen.heldOut } };
  const rendered = chosen.content.render(go.data, options);
  if ('failed' in rendered) {
    return { message, stop: renderingFailed(`${rendered.failed.part}: ${rendered.failed.message}`) };
  }
  const messages: Message[] = [];
  for (const target of go.targets) {
    const composed = channel.compose({
      messageId: message.messageId,
      target,
      settings: version.settings,
      category: version.definition.category,
      parts: rendered.parts,
      pieces: rendered.pieces,
      content: chosen.authored,
      shownTo: message.recipient.copy?.to,
      attachments: go.attachments,
    });
    if ('excluded' in composed)
      return { message, stop: { state: 'excluded', code: composed.excluded, detail: composed.detail } };
    if ('failed' in composed)
      return { message, stop: { state: 'failed', code: composed.failed, detail: composed.detail } };
    messages.push(composed.message);
  }
  const { metadata } = rendered;
  return { message, go: metadata ? { version, messages, metadata } : { version, messages } };
}

function renderingFailed(detail: string): Outcome {
  return { state: 'failed', code: '050302', detail };
}
