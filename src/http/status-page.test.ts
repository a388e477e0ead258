import { describe, expect, test } from 'bun:test'
import { createFixture, fakeKey, request } from '../../test/support/http-app-fixture.ts'
import type { RoutingSnapshot } from '../ir/snapshot.ts'
import type { ServerSettings } from './server.settings.schema.ts'

async function page(
  settings: Partial<ServerSettings> = {},
  modelIds?: readonly string[],
  headers: Record<string, string> = {},
): Promise<{ html: string; headers: Headers }> {
  const snapshot = modelIds === undefined ? {} : { snapshot: () => ({ revision: 1, modelIds }) as unknown as RoutingSnapshot }
  const { app } = createFixture(settings, snapshot)
  const response = await app.fetch(request('/', { headers }))
  return { html: await response.text(), headers: response.headers }
}

describe('the status page', () => {
  test('shows version, address, models and how to call them', async () => {
    const { html, headers } = await page()
    expect(headers.get('content-type')).toBe('text/html; charset=utf-8')
    for (const piece of [
      '9.9.9',
      'http://localhost:8765/v1/chat/completions',
      '/v1/responses',
      '/v1/messages',
      '<code>mock/echo</code>',
      'curl ',
    ])
      expect(html).toContain(piece)
  })

  test('runs no script and nothing but its own style', async () => {
    const { html, headers } = await page()
    expect(html).not.toContain('<script')
    const style = /<style>([^]*)<\/style>/.exec(html)?.[1] ?? ''
    const hash = new Bun.CryptoHasher('sha256').update(style).digest('base64')
    expect(headers.get('content-security-policy')).toContain(`default-src 'none'`)
    expect(headers.get('content-security-policy')).toContain(`style-src 'sha256-${hash}'`)
    expect(headers.get('x-content-type-options')).toBe('nosniff')
  })

  test('escapes names, and puts no strange one into a command', async () => {
    const { html } = await page({}, [`<img src=x>'; rm -rf ~ #`, '"&'])
    expect(html).not.toContain('<img')
    expect(html).toContain('&lt;img src=x&gt;')
    expect(html).toContain('"model": "MODEL"')
  })

  test('shows no models to those without a key', async () => {
    const { html } = await page({ apiKeys: [fakeKey('secret-key')] }, ['hidden-model'])
    expect(html).not.toContain('hidden-model')
    expect(html).toContain('authorization: Bearer KEY')
    expect(html).not.toContain('secret-key')
  })

  test('shows the public address where there is one', async () => {
    const settings = { publicUrl: 'https://ai.example.com/gw', basePath: '/gw' }
    const { app } = createFixture(settings)
    expect(await (await app.fetch(request('/gw/'))).text()).toContain('curl https://ai.example.com/gw/v1/chat/completions')
  })

  test('does not repeat a host that is none', async () => {
    const { html } = await page({ apiKeys: [fakeKey('k')], port: 8765 }, [], { host: 'x;rm -rf' })
    expect(html).toContain('http://127.0.0.1:8765/v1')
  })

  test('says that there are more models than it shows', async () => {
    const { html } = await page(
      {},
      Array.from({ length: 130 }, (_unused, index) => `m${index}`),
    )
    expect(html).toContain('and 30 more')
  })
})
