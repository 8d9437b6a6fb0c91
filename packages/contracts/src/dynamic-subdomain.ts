import { z } from 'zod';

/** As many rows as a configuration may have (spec 3.2). */
const MAX_ROWS = 50;

const condition = z
  .string()
  .min(1)
  .max(500)
  .regex(/^[^{}%\p{Cc}]+$/u, 'is a Liquid condition without braces, for example profile.country == "DE"');
const domain = z
  .string()
  .max(253)
  .regex(/^[^\s@{}%]+\.[^\s@{}%]+$/, 'is a domain, for example de.shop.example');

/**
 * Which domain a person's mail comes from (dynamic subdomains, spec 3.2): the first row whose condition holds. Who fits none
 * gets no mail.
 */
export const subdomainRules = z
  .array(z.strictObject({ when: condition, domain }))
  .min(1)
  .max(MAX_ROWS);

/** The rules as one template that yields the domain, or nothing. */
export function subdomainTemplate(rules: z.output<typeof subdomainRules>): string {
  const branches = rules.map(({ when, domain: name }, place) => `{% ${place === 0 ? 'if' : 'elsif'} ${when} %}${name}`);
  return `${branches.join('')}{% endif %}`;
}
