/** What a reader may tap below an RCS message or on a card. */
export type RcsSuggestion =
  | { type: 'reply'; text: string; postbackData?: string }
  | { type: 'openUrl'; text: string; url: string }
  | { type: 'dial'; text: string; phoneNumber: string }
  | { type: 'viewLocation'; text: string; latitude: number; longitude: number; label?: string };

export type RcsCard = {
  title?: string;
  description?: string;
  mediaUri?: string;
  mediaHeight?: 'SHORT' | 'MEDIUM' | 'TALL';
  suggestions?: RcsSuggestion[];
};

/** An RCS message, ready to hand over: all values are final (spec 4.2). */
export type RcsContent = { suggestions?: RcsSuggestion[] } & (
  | { type: 'text'; text: string }
  | { type: 'media'; mediaUri: string; thumbnailUri?: string }
  | { type: 'card'; card: RcsCard; orientation?: 'VERTICAL' | 'HORIZONTAL' }
  | { type: 'carousel'; cards: RcsCard[]; cardWidth?: 'SMALL' | 'MEDIUM' }
  | { type: 'location'; latitude: number; longitude: number; label?: string }
);
