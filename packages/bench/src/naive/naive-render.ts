import { Liquid } from 'liquidjs';
import mjml2html from 'mjml';

/** Liquid text of each part. `html` is MJML when it is to be compiled for each mail, HTML when that was done before. */
export type NaiveTemplates = { subject: string; html: string; text: string; mjmlInJob: boolean };

/** LiquidJS as its documentation shows it, templates parsed once, with the filters that the demo mail needs. */
export function createNaiveRenderer(templates: NaiveTemplates) {
  const engine = new Liquid({ outputEscape: 'escape' });
  const plain = new Liquid();
  const money = new Map<string, Intl.NumberFormat>();
  const number = new Intl.NumberFormat('en-US');
  for (const liquid of [engine, plain]) {
    liquid.registerFilter('currency', (value: number, currency: string) => {
      if (!money.has(currency)) money.set(currency, new Intl.NumberFormat('en-US', { style: 'currency', currency }));
      return money.get(currency)!.format(value);
    });
    liquid.registerFilter('number_format', (value: number) => number.format(value));
    liquid.registerFilter('mask', (value: string) => value.slice(0, -4).replace(/./g, 'X') + value.slice(-4));
  }
  const subject = plain.parse(templates.subject);
  const html = engine.parse(templates.html);
  const text = plain.parse(templates.text);
  return async function render(context: object): Promise<{ subject: string; html: string; text: string }> {
    const data = { context };
    const rendered = (await engine.render(html, data)) as string;
    return {
      subject: (await plain.render(subject, data)) as string,
      html: templates.mjmlInJob ? (await mjml2html(rendered, MJML_OPTIONS)).html : rendered,
      text: (await plain.render(text, data)) as string,
    };
  };
}

const MJML_OPTIONS = {
  filePath: '',
  fonts: {},
  ignoreIncludes: true,
  keepComments: false,
  minify: false,
  beautify: false,
  validationLevel: 'skip',
} as const;
