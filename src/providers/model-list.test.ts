import { describe, expect, test } from 'bun:test'
import { loadConfigText, loaded } from '../../test/support/load-config-text.ts'
import { providerMaker } from '../app/make-providers.ts'
import { systemClock } from '../lib/clock.ts'
import { silentLogger } from '../observability/logger.ts'
import { modelListRequest, readModelList } from './model-list.ts'

const makeProvider = providerMaker({ clock: systemClock, logger: silentLogger, loginsOf: undefined })

/** The request for the models of a provider with a key. */
function requestFor(entry: string) {
  const { compiled } = loaded(loadConfigText(`providers: [{ id: p, api_key: sk-1, ${entry} }]`))
  const [settings] = compiled.providers
  return modelListRequest(makeProvider(settings!), settings!.accounts[0]!)
}

describe('the request for the models of an upstream', () => {
  test.each([
    ['type: openai', 'https://api.openai.com/v1/models', 'authorization', 'Bearer sk-1'],
    ['type: openai, format: responses', 'https://api.openai.com/v1/models', 'authorization', 'Bearer sk-1'],
    ['type: anthropic', 'https://api.anthropic.com/v1/models?limit=1000', 'x-api-key', 'sk-1'],
    ['type: gemini', 'https://generativelanguage.googleapis.com/v1beta/models?pageSize=1000', 'x-goog-api-key', 'sk-1'],
    [
      'type: openai_compatible, base_url: "https://h.example/api/v1/chat/completions"',
      'https://h.example/api/v1/models',
      'authorization',
      'Bearer sk-1',
    ],
  ])('goes where its format has them: %s', (entry, url, header, value) => {
    const request = requestFor(entry)
    expect(request).toMatchObject({ url, method: 'GET', body: undefined })
    expect(request?.headers[header]).toBe(value)
    expect(request?.headers['content-type']).toBeUndefined()
  })

  test('keeps a key that belongs into the address there', () => {
    const entry = 'type: openai_compatible, base_url: "https://h.example/v1?tier=a", auth_scheme: { kind: query, name: key }'
    expect(requestFor(entry)?.url).toBe('https://h.example/v1/models?tier=a&key=sk-1')
  })

  test.each(['type: azure, resource: r, api_version: "2024-10-21"', 'type: vertex, project: p, region: us'])(
    'is not made up where there is no such list: %s',
    (entry) => {
      expect(requestFor(entry)).toBeUndefined()
    },
  )
})

describe('a list of models', () => {
  test('is read in the words of its format', () => {
    expect(readModelList('openai', { data: [{ id: 'b' }, { id: 'a' }] })).toEqual({ ids: ['b', 'a'], isCut: false })
    expect(readModelList('anthropic', { data: [{ id: 'a' }], has_more: true })).toEqual({ ids: ['a'], isCut: true })
    expect(readModelList('gemini', { models: [{ name: 'models/a' }], nextPageToken: 'x' })).toEqual({ ids: ['a'], isCut: true })
  })

  test.each([[undefined], [null], ['text'], [[]], [{}], [{ data: 'x' }], [{ models: [] }]])('is none: %j', (answer) => {
    expect(readModelList('openai', answer)).toBeUndefined()
  })

  test('leaves entries out that are no models', () => {
    expect(readModelList('openai', { data: [null, 1, {}, { id: 7 }, { id: 'a' }] })?.ids).toEqual(['a'])
  })
})
