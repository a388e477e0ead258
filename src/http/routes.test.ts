import { describe, expect, test } from 'bun:test'
import { createFixture, fakeKey, request } from '../../test/support/http-app-fixture.ts'
import { allowedMethods, mayUse, ROUTES, type RouteDefinition } from './routes.ts'

const routes: readonly RouteDefinition[] = Object.values(ROUTES)
const concrete = (route: RouteDefinition): string => route.path.replace(/:id(\{\.\+\})?/, 'last')
const ask = (route: RouteDefinition, headers: Record<string, string> = {}): Request =>
  route.method === 'POST'
    ? request(concrete(route), { headers, json: { model: 'fast', messages: [] } })
    : request(concrete(route), { headers })

describe('every route', () => {
  test('has a role', () => {
    for (const { path, role } of routes)
      expect([path, ['public', 'client', 'operator', 'admin'].includes(role)]).toEqual([path, true])
  })

  test('is open to anybody only when it holds nothing', () => {
    expect(routes.filter(({ role }) => role === 'public').map(concrete)).toEqual(['/health', '/ready', '/'])
  })

  test('refuses callers without a key, unless it is public', async () => {
    for (const route of routes) {
      const { app } = createFixture({ apiKeys: [fakeKey('good', 'admin')] })
      const { status } = await app.fetch(ask(route))
      expect([route.path, status]).toEqual([route.path, route.role === 'public' ? 200 : 401])
    }
  })

  test('refuses roles below its own and admits the others', async () => {
    for (const route of routes) {
      for (const role of ['client', 'operator', 'admin'] as const) {
        const { app } = createFixture({ apiKeys: [fakeKey('good', role)] })
        const { status } = await app.fetch(ask(route, { authorization: 'Bearer good' }))
        expect([route.path, role, status === 403]).toEqual([route.path, role, !mayUse(role, route.role)])
        expect(status).not.toBe(401)
      }
    }
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
