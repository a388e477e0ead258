import type { PrincipalRole } from '../ir/principal.ts'

/** Who may use a route. Roles include each other: admin ⊃ operator ⊃ client. */
export type RouteRole = 'public' | PrincipalRole

export interface RouteDefinition {
  readonly method: 'GET' | 'POST'
  /** Path below the base path; `:name{.+}` takes the rest, slashes included. */
  readonly path: string
  readonly role: RouteRole
  /** Asked by load balancers, which call by address: no check of the Host header. */
  readonly isProbe?: true
}

/** Every route the gateway has, and who may use it. */
export const ROUTES = {
  chatCompletions: { method: 'POST', path: '/v1/chat/completions', role: 'client' },
  responses: { method: 'POST', path: '/v1/responses', role: 'client' },
  messages: { method: 'POST', path: '/v1/messages', role: 'client' },
  countTokens: { method: 'POST', path: '/v1/messages/count_tokens', role: 'client' },
  listModels: { method: 'GET', path: '/v1/models', role: 'client' },
  getModel: { method: 'GET', path: '/v1/models/:id{.+}', role: 'client' },
  listTraces: { method: 'GET', path: '/v1/traces', role: 'operator' },
  getTrace: { method: 'GET', path: '/v1/traces/:id', role: 'operator' },
  previewRoute: { method: 'POST', path: '/v1/route-preview', role: 'operator' },
  health: { method: 'GET', path: '/health', role: 'public', isProbe: true },
  ready: { method: 'GET', path: '/ready', role: 'public', isProbe: true },
  status: { method: 'GET', path: '/', role: 'public' },
} as const satisfies Readonly<Record<string, RouteDefinition>>

export type RouteName = keyof typeof ROUTES
/** Routes that carry model calls; they are served without the router. */
export type CallRouteName = 'chatCompletions' | 'responses' | 'messages' | 'countTokens'

const RANK: Readonly<Record<RouteRole, number>> = { public: 0, client: 1, operator: 2, admin: 3 }

/** Whether a principal of this role may use a route that asks for another. */
export const mayUse = (role: PrincipalRole, asked: RouteRole): boolean => RANK[role] >= RANK[asked]

/** Methods that a path below the base path takes, for `Allow`; empty when there is no such path. */
export function allowedMethods(path: string): string[] {
  const methods = new Set<string>()
  for (const route of Object.values(ROUTES)) {
    if (!matches(route.path, path)) continue
    methods.add(route.method)
    if (route.method === 'GET') methods.add('HEAD')
  }
  return [...methods]
}

function matches(pattern: string, path: string): boolean {
  const parameter = pattern.indexOf(':')
  if (parameter === -1) return pattern === path
  const rest = path.slice(parameter)
  return path.startsWith(pattern.slice(0, parameter)) && rest !== '' && (pattern.endsWith('{.+}') || !rest.includes('/'))
}
