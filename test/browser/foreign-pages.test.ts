import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { existsSync } from 'node:fs'
import { chromium, type Browser, type Page } from 'playwright-core'
import { CHAT, CLIENT_FORMATS, formatAt, pathFor, serving } from '../support/client-formats.ts'
import type { FakeUpstream } from '../support/fake-upstream.ts'
import { providerAt, TestWorld, type TestGateway } from '../support/gateway-fixture.ts'

const CHROMIUM = '/usr/bin/chromium'
const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
  // Names of strangers that lead to this machine, as in a rebinding attack.
  '--host-resolver-rules=MAP evil.test 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost',
]
const isThere = existsSync(CHROMIUM)
if (!isThere) console.error(`The browser tests are skipped: there is no ${CHROMIUM}.`)

const world = new TestWorld()
let browser: Browser
let upstream: FakeUpstream
let gateway: TestGateway
/** An empty page on another port, and one on a port that the gateway allows. */
let strangers: { readonly url: string; readonly port: number }
let friends: { readonly url: string; readonly port: number }

function pages(): { url: string; port: number; close(): Promise<void> } {
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch: () => new Response('<!doctype html><title>page</title><body>', { headers: { 'content-type': 'text/html' } }),
  })
  return { url: `http://127.0.0.1:${server.port}`, port: server.port ?? 0, close: () => server.stop(true) }
}

beforeAll(async () => {
  if (!isThere) return
  strangers = world.keep(pages())
  friends = world.keep(pages())
  upstream = await world.upstream(serving(CHAT))
  gateway = await world.gateway({
    server: { cors: { origins: [friends.url] } },
    providers: [providerAt('up', upstream, 'openai')],
    routes: [{ name: 'all', match: { model: '*' }, targets: ['up/m'] }],
  })
  browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS })
}, 60_000)
afterAll(async () => {
  await browser?.close()
  await world.closeAll()
})

async function pageAt(url: string): Promise<Page> {
  const page = await browser.newPage()
  await page.goto(url)
  return page
}

/** What a page can do to an address: every way a browser has to send something. */
const WAYS = {
  'fetch with JSON, which asks first': (target: string, body: string) =>
    fetch(target, { method: 'POST', headers: { 'content-type': 'application/json' }, body }).then(
      (response) => `seen ${response.status}`,
      () => 'blocked',
    ),
  'fetch with JSON called text, which does not ask': (target: string, body: string) =>
    fetch(target, { method: 'POST', headers: { 'content-type': 'text/plain' }, body }).then(
      (response) => `seen ${response.status}`,
      () => 'blocked',
    ),
  'fetch without looking at the answer': (target: string, body: string) =>
    fetch(target, { method: 'POST', mode: 'no-cors', body }).then(
      (response) => `opaque ${response.status}`,
      () => 'blocked',
    ),
  'fetch without a content type': (target: string, body: string) =>
    fetch(target, { method: 'POST', mode: 'no-cors', body: new Blob([body]) }).then(
      (response) => `opaque ${response.status}`,
      () => 'blocked',
    ),
  'fetch without credentials or referrer': (target: string, body: string) =>
    fetch(target, {
      method: 'POST',
      mode: 'no-cors',
      body: new Blob([body]),
      credentials: 'omit',
      referrerPolicy: 'no-referrer',
    }).then(
      (response) => `opaque ${response.status}`,
      () => 'blocked',
    ),
  'a beacon': async (target: string, body: string) => `sent ${navigator.sendBeacon(target, new Blob([body]))}`,
  XMLHttpRequest: (target: string, body: string) =>
    new Promise<string>((resolve) => {
      const request = new XMLHttpRequest()
      request.open('POST', target)
      request.addEventListener('load', () => resolve(`seen ${request.status}`))
      request.addEventListener('error', () => resolve('blocked'))
      request.send(body)
    }),
  'a form in a frame': (target: string, body: string) =>
    new Promise<string>((resolve) => {
      const frame = Object.assign(document.createElement('iframe'), { name: 'target' })
      const form = Object.assign(document.createElement('form'), {
        method: 'POST',
        action: target,
        target: 'target',
        enctype: 'text/plain',
      })
      const field = Object.assign(document.createElement('input'), { name: body.slice(0, -1), value: '}' })
      frame.addEventListener('load', () => resolve('loaded'))
      document.body.append(frame, form)
      form.append(field)
      form.submit()
    }),
  'an image': (target: string) =>
    new Promise<string>((resolve) => {
      const image = new Image()
      image.addEventListener('load', () => resolve('seen'))
      image.addEventListener('error', () => resolve('blocked'))
      image.src = target
    }),
  'a script': (target: string) =>
    new Promise<string>((resolve) => {
      const script = document.createElement('script')
      script.addEventListener('load', () => resolve('seen'))
      script.addEventListener('error', () => resolve('blocked'))
      script.src = target
      document.body.append(script)
    }),
  'an event source': (target: string) =>
    new Promise<string>((resolve) => {
      const source = new EventSource(target)
      source.addEventListener('open', () => resolve('seen'))
      source.addEventListener('error', () => resolve('blocked'))
    }),
  'a WebSocket': (target: string) =>
    new Promise<string>((resolve) => {
      const socket = new WebSocket(target.replace('http', 'ws'))
      socket.addEventListener('open', () => resolve('seen'))
      socket.addEventListener('error', () => resolve('blocked'))
    }),
} as const

const PATHS = [...CLIENT_FORMATS.map((client) => pathFor(client, { model: 'up/m', stream: true })), '/v1/messages/count_tokens']
const bodyOf = (path: string): string => JSON.stringify(formatAt(path).call('up/m', { stream: true }))

describe.skipIf(!isThere)('a page of somebody else', () => {
  test.each(Object.entries(WAYS))(
    'that tries %s reaches no model and reads nothing',
    async (_name, way) => {
      const page = await pageAt(strangers.url)
      const targets = [...PATHS.map((path) => ['127.0.0.1', path] as const), ['localhost', PATHS[0]!] as const]
      for (const [host, path] of targets) {
        const target = `http://${host}:${gateway.port}${path}`
        const seen = await page.evaluate(`(${way.toString()})(${JSON.stringify(target)}, ${JSON.stringify(bodyOf(path))})`)
        expect(seen).not.toMatch(/^seen/)
      }
      await page.close()
      expect(upstream.requests.length).toBe(0)
    },
    30_000,
  )

  test('that makes its own name lead here reaches nothing, not even the status page or the list of models', async () => {
    const page = await browser.newPage()
    const response = await page.goto(`http://evil.test:${gateway.port}/`)
    expect(response?.status()).toBe(403)
    // From here on the page is of the gateway's own origin as far as the browser knows.
    for (const path of PATHS) {
      const status = await page.evaluate(
        ([target, body]) =>
          fetch(target!, { method: 'POST', headers: { 'content-type': 'application/json' }, body: body! }).then(
            (answer) => answer.status,
            () => 0,
          ),
        [path, bodyOf(path)],
      )
      expect(status).toBe(403)
    }
    for (const path of ['/v1/models', '/v1/traces', '/v1/traces/last'])
      expect(await page.evaluate((target) => fetch(target).then((answer) => answer.status), path)).toBe(403)
    expect(upstream.requests.length).toBe(0)
    await page.close()
  })

  test('cannot read records or models either', async () => {
    const page = await pageAt(strangers.url)
    for (const path of ['/v1/models', '/v1/traces', '/health', '/']) {
      expect(
        await page.evaluate(
          (target) =>
            fetch(target).then(
              () => 'seen',
              () => 'blocked',
            ),
          `${gateway.url}${path}`,
        ),
      ).toBe('blocked')
    }
    await page.close()
  })
})

describe.skipIf(!isThere)('a page whose origin is allowed', () => {
  test('calls a model, reads the stream and the headers that explain it', async () => {
    const before = upstream.requests.length
    const page = await pageAt(friends.url)
    const seen = await page.evaluate(
      async ([target, body]) => {
        const response = await fetch(target!, {
          method: 'POST',
          headers: { 'content-type': 'application/json', authorization: 'Bearer unused' },
          body: body!,
        })
        return { status: response.status, route: response.headers.get('x-switchback-route'), text: await response.text() }
      },
      [`${gateway.url}${CHAT.path}`, bodyOf(CHAT.path)],
    )
    expect(seen.status).toBe(200)
    expect(seen.route).toContain('served=up/m')
    expect(CHAT.streamText(seen.text)).toBe('Hello there!')
    expect(upstream.requests.length).toBe(before + 1)
    await page.close()
  })
})

describe.skipIf(!isThere)('the status page', () => {
  test.each([
    ['light', 1280],
    ['dark', 390],
  ] as const)(
    'renders in the %s scheme at %d pixels without a word on the console, a foreign request or a sideways scroll',
    async (scheme, width) => {
      const page = await browser.newPage({ colorScheme: scheme, viewport: { width, height: 800 } })
      const said: string[] = []
      const asked: string[] = []
      page.on('console', (message) => said.push(message.text()))
      page.on('pageerror', (error) => said.push(error.message))
      page.on('request', (request) => asked.push(request.url()))
      await page.goto(`${gateway.url}/`)
      expect(await page.title()).toBe('Switchback')
      expect(await page.locator('h1').textContent()).toBe('Switchback')
      expect(await page.locator('pre').count()).toBe(4)
      expect(await page.locator('pre').first().textContent()).toContain(`${gateway.url}/v1/chat/completions`)
      expect(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth)).toBe(true)
      expect(said).toEqual([])
      expect(asked.filter((url) => !url.startsWith(gateway.url) && !url.startsWith('data:'))).toEqual([])
      await page.close()
    },
  )
})
