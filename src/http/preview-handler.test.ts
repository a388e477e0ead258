import { describe, expect, test } from 'bun:test'
import { createFixture, request } from '../../test/support/http-app-fixture.ts'

async function preview(
  json: unknown,
  query = '',
  headers: Record<string, string> = {},
): Promise<{ status: number; body: Record<string, unknown> }> {
  const { app, engine } = createFixture()
  const response = await app.fetch(request(`/v1/route-preview${query}`, { json, headers }))
  expect(engine.calls).toHaveLength(0)
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}

describe('a preview', () => {
  test('shows the decision, and calls nobody', async () => {
    const { body } = await preview({ model: 'fast', messages: [], stream: true })
    expect(body).toMatchObject({
      revision: 3,
      config_hash: 'sha256:0',
      format: 'openai',
      decision: { selected: { target_id: 'mock/fast' }, inputs: { stream: true } },
    })
  })

  test.each([
    [{ model: 'm', messages: [] }, 'openai'],
    [{ model: 'm', input: 'hi' }, 'responses'],
    [{ model: 'm', messages: [], system: 'x' }, 'anthropic'],
    [{ model: 'm', messages: [], tools: [{ name: 'x', input_schema: {} }] }, 'anthropic'],
    [{ format: 'anthropic', request: { model: 'm', messages: [] } }, 'anthropic'],
    [{ request: { model: 'm', input: 'hi' } }, 'responses'],
  ])('of %j is read as %s', async (json, format) => {
    expect((await preview(json)).body['format']).toBe(format)
  })

  test('is read as the query or the headers say', async () => {
    const json = { model: 'm', messages: [] }
    expect((await preview(json, '?format=anthropic')).body['format']).toBe('anthropic')
    expect((await preview(json, '', { 'anthropic-version': '2023-06-01' })).body['format']).toBe('anthropic')
  })

  test('of something else is refused', async () => {
    expect(await preview([])).toMatchObject({ status: 400, body: { code: 'invalid_body' } })
    expect(await preview({ model: 'm' }, '?format=gopher')).toMatchObject({ status: 400, body: { param: 'format' } })
    expect(await preview({ messages: [] })).toMatchObject({ status: 400, body: { param: 'model' } })
  })
})
