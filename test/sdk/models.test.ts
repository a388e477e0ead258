import { NotFoundError as AnthropicNotFound } from '@anthropic-ai/sdk'
import { ApiError } from '@google/genai'
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { NotFoundError } from 'openai'
import { openStage, UPSTREAMS, type Stage } from './support/stage.ts'

const LISTED = UPSTREAMS.flatMap((upstream) => ['text', 'tools'].map((model) => `${upstream}/${model}`))

let stage: Stage
beforeAll(async () => {
  stage = await openStage()
})
afterAll(() => stage.close())

describe('the list of models', () => {
  test('is read by the openai SDK, single models too', async () => {
    const models = await Array.fromAsync(stage.openai.models.list())
    expect(models.map((model) => model.id)).toEqual(expect.arrayContaining(LISTED))
    expect(models.every((model) => model.object === 'model' && Number.isInteger(model.created))).toBe(true)
    expect((await stage.openai.models.retrieve('messages/text')).id).toBe('messages/text')
  })

  test('is read by the Anthropic SDK page by page, single models too', async () => {
    const models = await Array.fromAsync(stage.anthropic.models.list({ limit: 2 }))
    expect(models.map((model) => model.id)).toEqual(expect.arrayContaining(LISTED))
    expect(new Set(models.map((model) => model.id)).size).toBe(models.length)
    expect(models.every((model) => model.type === 'model' && model.display_name !== '')).toBe(true)
    expect(await stage.anthropic.models.retrieve('chat/text')).toMatchObject({ id: 'chat/text', type: 'model' })
  })

  test('is read by the Google SDK page by page, single models too', async () => {
    const models = await Array.fromAsync(await stage.google.models.list({ config: { pageSize: 2 } }))
    expect(models.map(({ name }) => name)).toEqual(expect.arrayContaining(LISTED.map((id) => `models/${id}`)))
    expect(new Set(models.map(({ name }) => name)).size).toBe(models.length)
    expect(await stage.google.models.get({ model: 'chat/text' })).toMatchObject({
      name: 'models/chat/text',
      displayName: 'chat/text',
    })
  })

  test('has no model that nobody listed, in the words of all SDKs', async () => {
    expect(await stage.openai.models.retrieve('nobody/knows').catch((error: unknown) => error)).toBeInstanceOf(NotFoundError)
    expect(await stage.anthropic.models.retrieve('nobody/knows').catch((error: unknown) => error)).toBeInstanceOf(
      AnthropicNotFound,
    )
    const error = await stage.google.models.get({ model: 'nobody/knows' }).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(ApiError)
    expect((error as ApiError).status).toBe(404)
  })

  test('costs no call of an upstream', () => {
    expect(stage.upstream.requests).toHaveLength(0)
  })
})

describe('counting tokens for an upstream without a counter', () => {
  test.each(['chat', 'responses'] as const)('is done by the gateway: %s', async (upstream) => {
    const count = async (content: string): Promise<number> => {
      const { input_tokens: tokens } = await stage.anthropic.messages.countTokens({
        model: `${upstream}/text`,
        messages: [{ role: 'user', content }],
      })
      return tokens
    }
    const [few, many] = [await count('one two three'), await count('one two three '.repeat(100))]
    expect(few).toBeGreaterThan(2)
    expect(many).toBeGreaterThan(250)
    expect(many).toBeLessThan(1_000)
    expect(stage.upstream.requests).toHaveLength(0)
  })

  test.each(['chat', 'responses'] as const)('is done for the Google SDK too: %s', async (upstream) => {
    const counted = await stage.google.models.countTokens({ model: `${upstream}/text`, contents: 'one two three' })
    expect(counted.totalTokens).toBeGreaterThan(2)
    expect(counted.totalTokens).toBeLessThan(20)
    expect(stage.upstream.requests).toHaveLength(0)
  })
})
