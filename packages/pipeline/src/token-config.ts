import { z } from 'zod';
import { createTokenVerifier, TOKEN_ALGORITHMS, type VerifyToken } from './token-verifier.ts';

/** What a service with an API reads about JWT bearer tokens. Without an issuer there are API keys alone. */
export const tokenConfig = z.object({
  JWT_ISSUER: z.string().min(1).optional().describe('`iss` of the tokens that are accepted beside API keys'),
  JWT_AUDIENCE: z.string().min(1).default('outrigger').describe('`aud` that a token must have'),
  JWT_JWKS_URL: z.url().optional().describe('Where the public keys of the issuer are; needed with `JWT_ISSUER`'),
  JWT_ALGORITHMS: z
    .string()
    .default('RS256,ES256')
    .describe(`Signatures that are accepted, of ${TOKEN_ALGORITHMS.join(', ')}`),
  JWT_CLIENT_CLAIM: z
    .string()
    .min(1)
    .default('client_id')
    .describe('Claim with the client; it must be the `x-api-key`'),
  JWT_ORG_CLAIM: z.string().min(1).default('org').describe('Claim with the organisation'),
  JWT_SANDBOXES_CLAIM: z.string().min(1).default('sandboxes').describe('Claim with the sandboxes, as a list'),
  JWT_SCOPES_CLAIM: z.string().min(1).default('scope').describe('Claim with the scopes'),
});

/** The verifier that the configuration asks for, or undefined. Throws, at the start, when it cannot be meant. */
export function tokenVerifierOf(config: z.output<typeof tokenConfig>): VerifyToken | undefined {
  if (config.JWT_ISSUER === undefined) return undefined;
  if (config.JWT_JWKS_URL === undefined) throw new Error('JWT_ISSUER needs JWT_JWKS_URL');
  const algorithms = config.JWT_ALGORITHMS.split(',').map((name) => {
    const known = TOKEN_ALGORITHMS.find((algorithm) => algorithm === name.trim());
    if (!known) throw new Error(`JWT_ALGORITHMS: ${name} is none of ${TOKEN_ALGORITHMS.join(', ')}`);
    return known;
  });
  return createTokenVerifier({
    issuer: config.JWT_ISSUER,
    audience: config.JWT_AUDIENCE,
    jwksUrl: config.JWT_JWKS_URL,
    algorithms,
    claims: {
      client: config.JWT_CLIENT_CLAIM,
      org: config.JWT_ORG_CLAIM,
      sandboxes: config.JWT_SANDBOXES_CLAIM,
      scopes: config.JWT_SCOPES_CLAIM,
    },
  });
}
