import { fillRcs } from '@outrigger/contracts';
import {
  httpsProblem,
  type JsonValue,
  parsePhoneNumber,
  RCS_TEXT_LIMIT,
  type RcsCard,
  type RcsContent,
  type RcsSuggestion,
} from '@outrigger/core';

/** What networks show of a suggestion. */
const SUGGESTION_TEXT = 25;
const CARD_TITLE = 200;
const CARD_DESCRIPTION = 2_000;

/** Puts the rendered parts into the authored content, and says what is wrong with what came out. */
export function composeRcs(
  authored: JsonValue,
  parts: Record<string, string>,
): { rcs: RcsContent } | { problem: string } {
  const filled = fillRcs(authored, (path) => (parts[`rcs:${path}`] ?? '').trim()) as unknown as RcsContent;
  const rcs = withNumbers(filled);
  const problem = problemsOf(rcs).next();
  return problem.done ? { rcs } : { problem: problem.value };
}

/** Coordinates may be templates, which yield text. */
function withNumbers(content: RcsContent): RcsContent {
  const numbers = <Place extends object>(place: Place): Place => {
    if (!('latitude' in place && 'longitude' in place)) return place;
    return { ...place, latitude: numberOf(place.latitude), longitude: numberOf(place.longitude) };
  };
  const tapped = <Part extends { suggestions?: RcsSuggestion[] }>(part: Part): Part =>
    part.suggestions ? { ...part, suggestions: part.suggestions.map(numbers) } : part;
  const whole = tapped(numbers(content));
  if (whole.type === 'card') return { ...whole, card: tapped(whole.card) };
  return whole.type === 'carousel' ? { ...whole, cards: whole.cards.map(tapped) } : whole;
}

function numberOf(value: unknown): number {
  return typeof value === 'string' && value.trim() !== ''
    ? Number(value)
    : typeof value === 'number'
      ? value
      : Number.NaN;
}

function* problemsOf(content: RcsContent): Generator<string> {
  switch (content.type) {
    case 'text':
      if (content.text === '') yield 'The RCS text is empty.';
      break;
    case 'media':
      yield* address('mediaUri', content.mediaUri);
      if (content.thumbnailUri !== undefined) yield* address('thumbnailUri', content.thumbnailUri);
      break;
    case 'card':
      yield* cardProblems(content.card);
      break;
    case 'carousel':
      if (content.cards.length < 2) yield 'A carousel has 2 cards at least.';
      for (const card of content.cards) yield* cardProblems(card);
      break;
    case 'location':
      yield* place(content);
      break;
    default:
      content satisfies never;
  }
  yield* suggestionProblems(content.suggestions);
  const characters = shownCharacters(content);
  if (characters > RCS_TEXT_LIMIT)
    yield `The RCS message has ${characters} characters; ${RCS_TEXT_LIMIT} is the limit.`;
}

function* cardProblems({ title = '', description = '', mediaUri, suggestions }: RcsCard): Generator<string> {
  if (title === '' && description === '' && mediaUri === undefined) yield 'A card has no title, description or media.';
  if (title.length > CARD_TITLE) yield `The title of a card is over ${CARD_TITLE} characters.`;
  if (description.length > CARD_DESCRIPTION) yield `The description of a card is over ${CARD_DESCRIPTION} characters.`;
  if (mediaUri !== undefined) yield* address('mediaUri', mediaUri);
  yield* suggestionProblems(suggestions);
}

function* suggestionProblems(suggestions: RcsSuggestion[] = []): Generator<string> {
  for (const suggestion of suggestions) {
    if (suggestion.text === '' || suggestion.text.length > SUGGESTION_TEXT) {
      yield `The text of a suggestion must have 1 to ${SUGGESTION_TEXT} characters.`;
    }
    if (suggestion.type === 'openUrl') yield* address('url', suggestion.url);
    if (suggestion.type === 'viewLocation') yield* place(suggestion);
    if (suggestion.type === 'dial' && parsePhoneNumber(suggestion.phoneNumber) === undefined) {
      yield 'The number of a dial suggestion has no country code.';
    }
  }
}

function* address(what: string, text: string): Generator<string> {
  const problem = httpsProblem(text);
  if (problem) yield `The ${what} ${problem}.`;
}

function* place({ latitude, longitude }: { latitude: number; longitude: number }): Generator<string> {
  const fits = Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180;
  if (!fits) yield 'A location needs a latitude of -90 to 90 and a longitude of -180 to 180.';
}

/** The text of one card or message; a carousel is judged by its longest card. */
function shownCharacters(content: RcsContent): number {
  const ofCard = ({ title = '', description = '' }: RcsCard) => title.length + description.length;
  if (content.type === 'text') return content.text.length;
  if (content.type === 'card') return ofCard(content.card);
  return content.type === 'carousel' ? Math.max(...content.cards.map(ofCard)) : 0;
}
