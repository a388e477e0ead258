import { describe, expect, test } from 'bun:test'
import { createFixture, fakeKey, request } from '../../test/support/http-app-fixture.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import type { IssuedKeys } from './authenticator.ts'
import { allowedMethods, mayUse, ROUTES, type RouteDefinition, type RouteName, type RouteRole } from './routes.ts'

const routes: readonly RouteDefinition[] = Object.values(ROUTES)
const concrete = (route: RouteDefinition): string => route.path.replace(/:id(\{\.\+\})?/, 'last')
const ask = (route: RouteDefinition, headers: Record<string, string> = {}): Request =>
  route.method === 'POST'
    ? request(concrete(route), { headers, json: { model: 'fast', messages: [] } })
    : request(concrete(route), { headers, method: route.method === 'ANY' ? 'PUT' : route.method })

/**
 * The least role that each route admits, written down a second time: what may be done with which key is too important to be changed by the
 * way. A route that is not listed does not compile.
 */
const LEAST_ROLE: Readonly<Record<RouteName, RouteRole>> = {
  chatCompletions: 'client',
  responses: 'client',
  messages: 'client',
  countTokens: 'client',
  generateContent: 'client',
  streamGenerateContent: 'client',
  countModelTokens: 'client',
  invokeModel: 'client',
  invokeModelStream: 'client',
  converse: 'client',
  converseStream: 'client',
  countBedrockTokens: 'client',
  embedContent: 'client',
  batchEmbedContents: 'client',
  embeddings: 'client',
  completions: 'client',
  generateImages: 'client',
  editImages: 'client',
  varyImages: 'client',
  speech: 'client',
  transcriptions: 'client',
  translations: 'client',
  rerank: 'client',
  moderations: 'client',
  uploadFile: 'client',
  listFiles: 'client',
  getFile: 'client',
  deleteFile: 'client',
  fileContent: 'client',
  createBatch: 'client',
  listBatches: 'client',
  getBatch: 'client',
  cancelBatch: 'client',
  passthrough: 'client',
  listGoogleModels: 'client',
  getGoogleModel: 'client',
  listModels: 'client',
  getModel: 'client',
  listTraces: 'client',
  getTrace: 'client',
  usageReport: 'client',
  usageEvents: 'client',
  usageReconcile: 'operator',
  usageImport: 'operator',
  usageReprice: 'admin',
  previewRoute: 'operator',
  targetHealth: 'operator',
  listDisables: 'operator',
  disableProvider: 'operator',
  enableProvider: 'operator',
  disableAccount: 'operator',
  enableAccount: 'operator',
  resetAccount: 'operator',
  rotateAccount: 'admin',
  disableModel: 'operator',
  enableModel: 'operator',
  listAlerts: 'operator',
  testAlerts: 'operator',
  listCaptures: 'admin',
  startCapture: 'admin',
  stopCapture: 'admin',
  metrics: 'operator',
  whoAmI: 'client',
  redeemInvitation: 'public',
  listKeys: 'operator',
  createKey: 'admin',
  inspectKey: 'operator',
  getKey: 'operator',
  changeKey: 'admin',
  rotateKey: 'admin',
  revokeKey: 'admin',
  disableKey: 'admin',
  enableKey: 'admin',
  listTenants: 'operator',
  createTenant: 'admin',
  getTenant: 'operator',
  changeTenant: 'admin',
  disableTenant: 'admin',
  enableTenant: 'admin',
  listProjects: 'operator',
  createProject: 'admin',
  getProject: 'operator',
  changeProject: 'admin',
  disableProject: 'admin',
  enableProject: 'admin',
  listOwners: 'operator',
  createOwner: 'admin',
  getOwner: 'operator',
  changeOwner: 'admin',
  disableOwner: 'admin',
  enableOwner: 'admin',
  listAudit: 'operator',
  listRevisions: 'operator',
  getRevision: 'admin',
  publishConfig: 'admin',
  publishRevision: 'admin',
  withdrawConfig: 'admin',
  health: 'public',
  ready: 'public',
  status: 'public',
}

/** Everybody who may call, in rising order. */
const CALLERS = ['nobody', 'client', 'operator', 'admin'] as const

/** Issued keys beside the configured ones: both kinds go through the same door. */
const issuedKeys: IssuedKeys = {
  refusalOfGroups: () => undefined,
  find(key) {
    const role = CALLERS.find((caller) => key === `sbk_${caller}`)
    return role === undefined || role === 'nobody' ? new GatewayError('invalid_api_key', 'unknown') : { role, owner: 'alice' }
  },
}

describe('every route', () => {
  const cases = (Object.keys(ROUTES) as RouteName[]).flatMap((name) =>
    CALLERS.flatMap((caller) => (['configured', 'issued'] as const).map((kind) => [name, caller, kind] as const)),
  )
  test.each(cases)('%s, called by %s with a key that was %s', async (name, caller, kind) => {
    const configured = CALLERS.flatMap((role) => (role === 'nobody' ? [] : [fakeKey(role, role)]))
    const { app } = createFixture({ apiKeys: configured }, { issuedKeys })
    const key = kind === 'issued' ? `sbk_${caller}` : caller
    const headers: Record<string, string> = caller === 'nobody' ? {} : { authorization: `Bearer ${key}` }
    const { status } = await app.fetch(ask(ROUTES[name], headers))
    const least = LEAST_ROLE[name]
    const mayCall = least === 'public' || CALLERS.indexOf(caller) >= CALLERS.indexOf(least)
    if (mayCall) expect([401, 403]).not.toContain(status)
    else expect(status).toBe(caller === 'nobody' ? 401 : 403)
  })

  test('is open to anybody only when it holds nothing, or when its body proves who asks', () => {
    const open = routes.filter(({ role, isProvenByBody }) => role === 'public' && isProvenByBody !== true)
    expect(open.map(concrete)).toEqual(['/health', '/ready', '/'])
    expect(routes.filter(({ isProvenByBody }) => isProvenByBody).map(concrete)).toEqual(['/v1/invitations/redeem'])
  })

  test('is served: nothing in the table leads nowhere', async () => {
    for (const route of routes) {
      const { app } = createFixture()
      const response = await app.fetch(ask(route))
      const missing = response.status === 404 && ((await response.json()) as { code: string }).code === 'route_not_found'
      expect([route.path, missing || response.status === 405]).toEqual([route.path, false])
    }
  })
})

test('an admin may do what an operator may, and an operator what a client may', () => {
  expect(mayUse('admin', 'operator')).toBe(true)
  expect(mayUse('operator', 'client')).toBe(true)
  expect(mayUse('client', 'operator')).toBe(false)
  expect(mayUse('operator', 'admin')).toBe(false)
})

test('a path knows its methods', () => {
  expect(allowedMethods('/v1/messages')).toEqual(['POST'])
  expect(allowedMethods('/v1/models')).toEqual(['GET', 'HEAD'])
  expect(allowedMethods('/v1/models/a/b/c')).toEqual(['GET', 'HEAD'])
  expect(allowedMethods('/v1/traces/a/b')).toEqual([])
  expect(allowedMethods('/nothing')).toEqual([])
})
