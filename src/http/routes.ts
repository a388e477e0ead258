import type { PrincipalRole } from '../ir/principal.ts'

/** Who may use a route. Roles include each other: admin ⊃ operator ⊃ client. */
export type RouteRole = 'public' | PrincipalRole

export interface RouteDefinition {
  readonly method: 'GET' | 'POST' | 'DELETE' | 'ANY'
  /** Path below the base path; `:id` stands for one part, `:id{.+}` for one or more, slashes included. */
  readonly path: string
  readonly role: RouteRole
  /** Asked by load balancers, which call by address: no check of the Host header. */
  readonly isProbe?: true
  /** Clients of Google's API may send their key as `?key=`. */
  readonly takesKeyInQuery?: true
  /** Public, because what admits stands in the body. */
  readonly isProvenByBody?: true
}

/** Every route the gateway has, and who may use it. */
export const ROUTES = {
  chatCompletions: { method: 'POST', path: '/v1/chat/completions', role: 'client' },
  responses: { method: 'POST', path: '/v1/responses', role: 'client' },
  messages: { method: 'POST', path: '/v1/messages', role: 'client' },
  countTokens: { method: 'POST', path: '/v1/messages/count_tokens', role: 'client' },
  generateContent: { method: 'POST', path: '/v1beta/models/:id{.+}:generateContent', role: 'client', takesKeyInQuery: true },
  streamGenerateContent: {
    method: 'POST',
    path: '/v1beta/models/:id{.+}:streamGenerateContent',
    role: 'client',
    takesKeyInQuery: true,
  },
  countModelTokens: { method: 'POST', path: '/v1beta/models/:id{.+}:countTokens', role: 'client', takesKeyInQuery: true },
  invokeModel: { method: 'POST', path: '/model/:id{.+}/invoke', role: 'client' },
  invokeModelStream: { method: 'POST', path: '/model/:id{.+}/invoke-with-response-stream', role: 'client' },
  converse: { method: 'POST', path: '/model/:id{.+}/converse', role: 'client' },
  converseStream: { method: 'POST', path: '/model/:id{.+}/converse-stream', role: 'client' },
  countBedrockTokens: { method: 'POST', path: '/model/:id{.+}/count-tokens', role: 'client' },
  embedContent: { method: 'POST', path: '/v1beta/models/:id{.+}:embedContent', role: 'client', takesKeyInQuery: true },
  batchEmbedContents: {
    method: 'POST',
    path: '/v1beta/models/:id{.+}:batchEmbedContents',
    role: 'client',
    takesKeyInQuery: true,
  },
  embeddings: { method: 'POST', path: '/v1/embeddings', role: 'client' },
  completions: { method: 'POST', path: '/v1/completions', role: 'client' },
  generateImages: { method: 'POST', path: '/v1/images/generations', role: 'client' },
  editImages: { method: 'POST', path: '/v1/images/edits', role: 'client' },
  varyImages: { method: 'POST', path: '/v1/images/variations', role: 'client' },
  speech: { method: 'POST', path: '/v1/audio/speech', role: 'client' },
  transcriptions: { method: 'POST', path: '/v1/audio/transcriptions', role: 'client' },
  translations: { method: 'POST', path: '/v1/audio/translations', role: 'client' },
  rerank: { method: 'POST', path: '/v1/rerank', role: 'client' },
  moderations: { method: 'POST', path: '/v1/moderations', role: 'client' },
  uploadFile: { method: 'POST', path: '/v1/files', role: 'client' },
  listFiles: { method: 'GET', path: '/v1/files', role: 'client' },
  getFile: { method: 'GET', path: '/v1/files/:id', role: 'client' },
  deleteFile: { method: 'DELETE', path: '/v1/files/:id', role: 'client' },
  fileContent: { method: 'GET', path: '/v1/files/:id/content', role: 'client' },
  createBatch: { method: 'POST', path: '/v1/batches', role: 'client' },
  listBatches: { method: 'GET', path: '/v1/batches', role: 'client' },
  getBatch: { method: 'GET', path: '/v1/batches/:id', role: 'client' },
  cancelBatch: { method: 'POST', path: '/v1/batches/:id/cancel', role: 'client' },
  passthrough: { method: 'ANY', path: '/passthrough/:id{.+}', role: 'client' },
  listGoogleModels: { method: 'GET', path: '/v1beta/models', role: 'client', takesKeyInQuery: true },
  getGoogleModel: { method: 'GET', path: '/v1beta/models/:id{.+}', role: 'client', takesKeyInQuery: true },
  listModels: { method: 'GET', path: '/v1/models', role: 'client' },
  getModel: { method: 'GET', path: '/v1/models/:id{.+}', role: 'client' },
  listTraces: { method: 'GET', path: '/v1/traces', role: 'client' },
  getTrace: { method: 'GET', path: '/v1/traces/:id', role: 'client' },
  usageReport: { method: 'GET', path: '/v1/usage', role: 'client' },
  usageEvents: { method: 'GET', path: '/v1/usage/events', role: 'client' },
  usageReconcile: { method: 'GET', path: '/v1/usage/reconcile', role: 'operator' },
  usageImport: { method: 'POST', path: '/v1/usage/import', role: 'operator' },
  usageReprice: { method: 'POST', path: '/v1/usage/reprice', role: 'admin' },
  previewRoute: { method: 'POST', path: '/v1/route-preview', role: 'operator' },
  targetHealth: { method: 'GET', path: '/v1/health/targets', role: 'operator' },
  listDisables: { method: 'GET', path: '/v1/disables', role: 'operator' },
  disableProvider: { method: 'POST', path: '/v1/providers/:id/disable', role: 'operator' },
  enableProvider: { method: 'POST', path: '/v1/providers/:id/enable', role: 'operator' },
  disableAccount: { method: 'POST', path: '/v1/accounts/:id{.+}/disable', role: 'operator' },
  enableAccount: { method: 'POST', path: '/v1/accounts/:id{.+}/enable', role: 'operator' },
  resetAccount: { method: 'POST', path: '/v1/accounts/:id{.+}/reset', role: 'operator' },
  rotateAccount: { method: 'POST', path: '/v1/accounts/:id{.+}/rotate', role: 'admin' },
  disableModel: { method: 'POST', path: '/v1/models/:id{.+}/disable', role: 'operator' },
  enableModel: { method: 'POST', path: '/v1/models/:id{.+}/enable', role: 'operator' },
  listAlerts: { method: 'GET', path: '/v1/alerts', role: 'operator' },
  testAlerts: { method: 'POST', path: '/v1/alerts/test', role: 'operator' },
  listCaptures: { method: 'GET', path: '/v1/captures', role: 'admin' },
  startCapture: { method: 'POST', path: '/v1/captures', role: 'admin' },
  stopCapture: { method: 'POST', path: '/v1/captures/:id/stop', role: 'admin' },
  metrics: { method: 'GET', path: '/metrics', role: 'operator' },
  whoAmI: { method: 'GET', path: '/v1/me', role: 'client' },
  redeemInvitation: { method: 'POST', path: '/v1/invitations/redeem', role: 'public', isProvenByBody: true },
  listKeys: { method: 'GET', path: '/v1/keys', role: 'operator' },
  createKey: { method: 'POST', path: '/v1/keys', role: 'admin' },
  inspectKey: { method: 'POST', path: '/v1/keys/inspect', role: 'operator' },
  getKey: { method: 'GET', path: '/v1/keys/:id', role: 'operator' },
  changeKey: { method: 'POST', path: '/v1/keys/:id/change', role: 'admin' },
  rotateKey: { method: 'POST', path: '/v1/keys/:id/rotate', role: 'admin' },
  revokeKey: { method: 'POST', path: '/v1/keys/:id/revoke', role: 'admin' },
  disableKey: { method: 'POST', path: '/v1/keys/:id/disable', role: 'admin' },
  enableKey: { method: 'POST', path: '/v1/keys/:id/enable', role: 'admin' },
  listTenants: { method: 'GET', path: '/v1/tenants', role: 'operator' },
  createTenant: { method: 'POST', path: '/v1/tenants', role: 'admin' },
  getTenant: { method: 'GET', path: '/v1/tenants/:id', role: 'operator' },
  changeTenant: { method: 'POST', path: '/v1/tenants/:id/change', role: 'admin' },
  disableTenant: { method: 'POST', path: '/v1/tenants/:id/disable', role: 'admin' },
  enableTenant: { method: 'POST', path: '/v1/tenants/:id/enable', role: 'admin' },
  listProjects: { method: 'GET', path: '/v1/projects', role: 'operator' },
  createProject: { method: 'POST', path: '/v1/projects', role: 'admin' },
  getProject: { method: 'GET', path: '/v1/projects/:id{.+}', role: 'operator' },
  changeProject: { method: 'POST', path: '/v1/projects/:id{.+}/change', role: 'admin' },
  disableProject: { method: 'POST', path: '/v1/projects/:id{.+}/disable', role: 'admin' },
  enableProject: { method: 'POST', path: '/v1/projects/:id{.+}/enable', role: 'admin' },
  listOwners: { method: 'GET', path: '/v1/owners', role: 'operator' },
  createOwner: { method: 'POST', path: '/v1/owners', role: 'admin' },
  getOwner: { method: 'GET', path: '/v1/owners/:id', role: 'operator' },
  changeOwner: { method: 'POST', path: '/v1/owners/:id/change', role: 'admin' },
  disableOwner: { method: 'POST', path: '/v1/owners/:id/disable', role: 'admin' },
  enableOwner: { method: 'POST', path: '/v1/owners/:id/enable', role: 'admin' },
  listRevisions: { method: 'GET', path: '/v1/revisions', role: 'operator' },
  getRevision: { method: 'GET', path: '/v1/revisions/:id', role: 'admin' },
  publishConfig: { method: 'POST', path: '/v1/revisions', role: 'admin' },
  publishRevision: { method: 'POST', path: '/v1/revisions/:id/publish', role: 'admin' },
  withdrawConfig: { method: 'POST', path: '/v1/revisions/withdraw', role: 'admin' },
  listAudit: { method: 'GET', path: '/v1/audit', role: 'operator' },
  health: { method: 'GET', path: '/health', role: 'public', isProbe: true },
  ready: { method: 'GET', path: '/ready', role: 'public', isProbe: true },
  status: { method: 'GET', path: '/', role: 'public' },
} as const satisfies Readonly<Record<string, RouteDefinition>>

export type RouteName = keyof typeof ROUTES
/** What operators see and switch. */
export type OperatorRouteName =
  | 'targetHealth'
  | 'listDisables'
  | `${'disable' | 'enable'}${'Provider' | 'Account' | 'Model'}`
  | 'resetAccount'
  | 'rotateAccount'
/** Keys, tenants, projects and owners. */
export type TenancyRouteName =
  | 'whoAmI'
  | 'redeemInvitation'
  | 'inspectKey'
  | `${'rotate' | 'revoke'}Key`
  | `list${'Key' | 'Tenant' | 'Project' | 'Owner'}s`
  | `${'create' | 'get' | 'change' | 'disable' | 'enable'}${'Key' | 'Tenant' | 'Project' | 'Owner'}`
/** The history of configurations. */
export type RevisionRouteName = 'listRevisions' | 'getRevision' | `publish${'Config' | 'Revision'}` | 'withdrawConfig'
/** What calls used and cost. */
export type UsageRouteName = Extract<RouteName, `usage${string}`>
/** Endpoints that are forwarded to a target that offers them, with the model renamed. */
export type ForwardRouteName =
  | `${'generate' | 'edit' | 'vary'}Images`
  | 'speech'
  | 'transcriptions'
  | 'translations'
  | 'rerank'
  | 'moderations'
/** Files and batches, which one account keeps. */
export type StoredObjectRouteName =
  | 'uploadFile'
  | 'fileContent'
  | 'deleteFile'
  | 'createBatch'
  | 'cancelBatch'
  | 'listFiles'
  | 'listBatches'
  | `get${'File' | 'Batch'}`
/** Routes that carry model calls; they are served without the router. */
export type CallRouteName =
  | 'chatCompletions'
  | 'responses'
  | 'messages'
  | 'countTokens'
  | 'generateContent'
  | 'streamGenerateContent'
  | 'countModelTokens'
  | `invokeModel${'' | 'Stream'}`
  | `converse${'' | 'Stream'}`
  | 'countBedrockTokens'

const RANK: Readonly<Record<RouteRole, number>> = { public: 0, client: 1, operator: 2, admin: 3 }

/** Whether a principal of this role may use a route that asks for another. */
export const mayUse = (role: PrincipalRole, asked: RouteRole): boolean => RANK[role] >= RANK[asked]

/** Methods of an address that takes any. */
export const ANY_METHODS: readonly string[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']

const METHODS_OF: Readonly<Record<RouteDefinition['method'], readonly string[]>> = {
  GET: ['GET', 'HEAD'],
  POST: ['POST'],
  DELETE: ['DELETE'],
  ANY: ANY_METHODS,
}

/** Methods that a path below the base path takes, for `Allow`; empty when there is no such path. */
export function allowedMethods(path: string): string[] {
  const methods = new Set<string>()
  for (const route of Object.values(ROUTES)) {
    if (!matches(route.path, path)) continue
    for (const method of METHODS_OF[route.method]) methods.add(method)
  }
  return [...methods]
}

function matches(pattern: string, path: string): boolean {
  const parameter = PARAMETER.exec(pattern)
  if (parameter === null) return pattern === path
  const [before, after] = [pattern.slice(0, parameter.index), pattern.slice(parameter.index + parameter[0].length)]
  const value = path.slice(before.length, path.length - after.length)
  const isFramed = path.startsWith(before) && path.endsWith(after) && path.length > before.length + after.length
  return isFramed && (parameter[1] !== undefined || !value.includes('/'))
}

const PARAMETER = /:id(\{\.\+\})?/
