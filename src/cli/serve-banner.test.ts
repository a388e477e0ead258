import { expect, test } from 'bun:test'
import { type BannerFacts, serveBanner } from './serve-banner.ts'

const facts: BannerFacts = {
  version: '1.2.3',
  url: 'http://127.0.0.1:8765',
  configuration: '/etc/switchback.yaml',
  data: '/var/lib/switchback',
  providers: ['mock'],
  model: 'mock/echo',
  keyed: false,
}

test('the banner has six lines and ends with a call that can be copied', () => {
  const lines = serveBanner(facts).trimEnd().split('\n')
  expect(lines).toHaveLength(6)
  expect(lines[0]).toBe('Switchback 1.2.3 listens on http://127.0.0.1:8765')
  expect(lines[5]).toEndWith(
    `curl http://127.0.0.1:8765/v1/chat/completions -H 'content-type: application/json' -d '{"model":"mock/echo","messages":[{"role":"user","content":"hi"}]}'`,
  )
})

test('the example names the key when callers need one, and never its value', () => {
  expect(serveBanner({ ...facts, keyed: true })).toContain('-H "authorization: Bearer $SWITCHBACK_API_KEY"')
})

test('an address that listens everywhere is shown as it is and called on this machine', () => {
  const banner = serveBanner({ ...facts, url: 'http://0.0.0.0:80/gateway' })
  expect(banner).toContain('listens on http://0.0.0.0:80/gateway')
  expect(banner).toContain('curl http://127.0.0.1/gateway/v1/chat/completions')
})

test('a quote in a model name does not break out of the shell quotes', () => {
  expect(serveBanner({ ...facts, model: "it's" })).toContain(String.raw`{"model":"it'\''s"`)
})

test('many providers stay on one line', () => {
  const providers = Array.from({ length: 40 }, (_unused, index) => `p${index}`)
  expect(
    serveBanner({ ...facts, providers })
      .trimEnd()
      .split('\n'),
  ).toHaveLength(6)
  expect(serveBanner({ ...facts, providers })).toContain('p11 and 28 more')
})
