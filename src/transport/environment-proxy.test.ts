import { describe, expect, test } from 'bun:test'
import { environmentProxy } from './environment-proxy.ts'

const url = (text: string): URL => new URL(text)

describe('proxies of the environment', () => {
  test('without variables nothing is proxied', () => {
    expect(environmentProxy({})(url('https://api.example.test'))).toBe(false)
  })

  test('each scheme reads its own variable, in either case, and the one for all', () => {
    const http = environmentProxy({ http_proxy: 'http://proxy:3128' })
    expect(http(url('http://api.example.test'))).toBe(true)
    expect(http(url('https://api.example.test'))).toBe(false)
    expect(environmentProxy({ ALL_PROXY: 'http://proxy:3128' })(url('https://api.example.test'))).toBe(true)
  })

  test.each([
    'http://127.0.0.1:9000',
    'http://127.8.8.8',
    'http://localhost:11434',
    'http://ollama.localhost',
    'http://[::1]:8000',
  ])('loopback (%s) is never proxied', (local) => {
    expect(environmentProxy({ HTTP_PROXY: 'http://proxy:3128' })(url(local))).toBe(false)
  })

  test('NO_PROXY names hosts, domains, ports and everything', () => {
    const proxied = environmentProxy({
      HTTPS_PROXY: 'http://proxy:3128',
      NO_PROXY: 'corp.test, .inner.test,*.star.test,host.test:8443',
    })
    expect(proxied(url('https://corp.test'))).toBe(false)
    expect(proxied(url('https://llm.corp.test'))).toBe(false)
    expect(proxied(url('https://a.inner.test'))).toBe(false)
    expect(proxied(url('https://a.star.test'))).toBe(false)
    expect(proxied(url('https://host.test:8443'))).toBe(false)
    expect(proxied(url('https://host.test'))).toBe(true)
    expect(proxied(url('https://notcorp.test'))).toBe(true)
    expect(environmentProxy({ HTTPS_PROXY: 'http://proxy:3128', no_proxy: '*' })(url('https://corp.test'))).toBe(false)
  })
})
