/** Limits of templates and renders (reliability: templates are semi-trusted, data is hostile). */
export const LIMITS = {
  /** Characters of one template, after MJML. */
  templateCharacters: 512_000,
  /** Liquid blocks inside each other. */
  blockDepth: 100,
  /** MJML elements inside each other. */
  mjmlDepth: 100,
  /** What LiquidJS calls memory: characters and elements that filters produce in one render. */
  memory: 10_000_000,
  renderMs: 200,
  /** Loop rounds in one render, all loops together. */
  steps: 100_000,
  /** RFC 5322 line length. */
  singleLineCharacters: 998,
} as const;

/** Default caps of a rendered part in bytes, by what it is. */
export const DEFAULT_MAX_BYTES = { html: 1_000_000, text: 100_000, singleLine: 4_000 } as const;

/** Gmail clips larger mails and hides their end, the unsubscribe link included. */
export const CLIPPED_HTML_BYTES = 102_000;
