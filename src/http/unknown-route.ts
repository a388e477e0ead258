import { GatewayError } from '../errors/gateway-error.ts'
import { isGoogleMethod, methodOfPath } from './google-path.ts'
import { ROUTES } from './routes.ts'

/** `route_not_found`, with the right address where the client's base URL seems to be off by a piece. */
export function unknownRoute(path: string, basePath: string): GatewayError {
  const method = methodOfPath(path)
  if (method !== undefined)
    return new GatewayError(
      'route_not_found',
      isGoogleMethod(method)
        ? `There is no such address; did you mean ${basePath}/v1beta/models/…:${method}? Google's clients want a base URL without a version.`
        : "Of Google's API this gateway serves models, and of a model generateContent, streamGenerateContent, countTokens, embedContent and batchEmbedContents.",
    )
  const meant = Object.values(ROUTES).find(
    ({ path: known }) => known.startsWith('/v1/') && (path.endsWith(known) || path.endsWith(known.slice('/v1'.length))),
  )
  if (meant === undefined)
    return new GatewayError('route_not_found', `There is no such address. GET ${basePath}/ shows what this gateway serves.`)
  return new GatewayError(
    'route_not_found',
    `There is no such address; did you mean ${basePath}${meant.path}? OpenAI clients want a base URL that ends in ${basePath}/v1, Anthropic clients one without /v1.`,
  )
}
