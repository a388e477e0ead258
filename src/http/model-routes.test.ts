import { describe, expect, test } from 'bun:test'
import { createFixture, request } from '../../test/support/http-app-fixture.ts'
import type { RoutingSnapshot } from '../ir/snapshot.ts'

const anthropic = { 'anthropic-version': '2023-06-01' }

interface Page {
  readonly data: readonly { readonly id: string }[]
  readonly has_more: boolean
  readonly first_id: string | null
  readonly last_id: string | null
}

async function get(
  path: string,
  headers: Record<string, string> = {},
  ids?: readonly string[],
): Promise<{ status: number; body: Record<string, unknown> }> {
  const snapshot =
    ids === undefined
      ? {}
      : { snapshot: () => ({ revision: 1, configHash: '', routes: new Map(), modelIds: ids }) as unknown as RoutingSnapshot }
  const { app } = createFixture(
    {},
    {
      ...snapshot,
      modelCard: (id) =>
        id === 'fast'
          ? {
              displayName: 'Fast one',
              contextWindow: 200_000,
              maxOutputTokens: 8_000,
              createdAt: 1_700_000_000,
              reasoning: true,
              visionIn: true,
            }
          : undefined,
    },
  )
  const response = await app.fetch(request(path, { headers }))
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}

describe('for OpenAI clients', () => {
  test('models are a list, with cards for Codex beside it', async () => {
    const { body } = await get('/v1/models')
    expect(body).toMatchObject({
      object: 'list',
      data: [
        { id: 'mock/echo', object: 'model', created: 0, owned_by: 'switchback' },
        { id: 'fast', object: 'model', created: 1_700_000_000, owned_by: 'switchback' },
      ],
      models: [
        {
          slug: 'mock/echo',
          shell_type: 'shell_command',
          supported_reasoning_levels: [],
          context_window: null,
          priority: 0,
          input_modalities: ['text'],
        },
        {
          slug: 'fast',
          display_name: 'Fast one',
          default_reasoning_level: 'medium',
          context_window: 200_000,
          priority: 1,
          input_modalities: ['text', 'image'],
        },
      ],
    })
  })

  test.each(['/v1/models/mock/echo', '/v1/models/mock%2Fecho'])('%s is one model', async (path) => {
    expect(await get(path)).toEqual({
      status: 200,
      body: { id: 'mock/echo', object: 'model', created: 0, owned_by: 'switchback' },
    })
  })

  test.each(['/v1/models/none', '/v1/models/%', '/v1/models/mock', '/v1/models/__proto__'])('%s is none', async (path) => {
    expect(await get(path)).toMatchObject({ status: 404, body: { format: 'openai', code: 'model_not_found' } })
  })
})

describe('for Anthropic clients', () => {
  test('models are a page', async () => {
    const { body } = await get('/v1/models', anthropic)
    expect(body).toMatchObject({ has_more: false, first_id: 'mock/echo', last_id: 'fast' })
    expect(body['data']).toMatchObject([
      {
        type: 'model',
        id: 'mock/echo',
        display_name: 'mock/echo',
        created_at: '1970-01-01T00:00:00.000Z',
        max_input_tokens: null,
      },
      {
        type: 'model',
        id: 'fast',
        display_name: 'Fast one',
        created_at: '2023-11-14T22:13:20.000Z',
        max_input_tokens: 200_000,
        max_tokens: 8_000,
      },
    ])
  })

  test('one model has their shape, and a missing one their error', async () => {
    expect(await get('/v1/models/fast', anthropic)).toMatchObject({ status: 200, body: { type: 'model', id: 'fast' } })
    expect(await get('/v1/models/none', anthropic)).toMatchObject({
      status: 404,
      body: { format: 'anthropic', code: 'model_not_found' },
    })
  })

  const ids = Array.from({ length: 45 }, (_unused, index) => `m${index}`)
  const page = async (query: string): Promise<Page> => (await get(`/v1/models?${query}`, anthropic, ids)).body as unknown as Page

  test('walking forwards sees every model once', async () => {
    const seen: string[] = []
    let query = ''
    for (;;) {
      const { data, has_more, last_id } = await page(query)
      seen.push(...data.map(({ id }) => id))
      if (!has_more) break
      query = `after_id=${last_id}`
    }
    expect(seen).toEqual(ids)
  })

  test('walking backwards sees the models before', async () => {
    expect(await page('before_id=m10&limit=4')).toMatchObject({ first_id: 'm6', last_id: 'm9', has_more: true })
    expect(await page('before_id=m3&limit=10')).toMatchObject({ first_id: 'm0', last_id: 'm2', has_more: false })
    expect(await page('after_id=m44')).toMatchObject({ data: [], first_id: null, last_id: null, has_more: false })
  })

  test.each(['limit=0', 'limit=1001', 'limit=x', 'after_id=none', 'before_id=none'])('%s is refused', async (query) => {
    expect(await get(`/v1/models?${query}`, anthropic, ids)).toMatchObject({
      status: 400,
      body: { code: 'invalid_body', param: query.split('=')[0] },
    })
  })
})
