import { describe, expect, test } from 'bun:test'
import { ByteBudget } from '../lib/byte-budget.ts'
import { readText, type ReadTextOptions } from './read-text.ts'

/** A body of pieces that counts how many were asked for and knows whether it was cancelled. */
function upstream(piece: string, count: number): { response: Response; read: () => number; cancelled: () => boolean } {
  let read = 0
  let isCancelled = false
  const body = new ReadableStream<Uint8Array>(
    {
      pull: (controller) => {
        if (read++ < count) controller.enqueue(new TextEncoder().encode(piece))
        else controller.close()
      },
      cancel: () => {
        isCancelled = true
      },
    },
    { highWaterMark: 0 },
  )
  return { response: new Response(body), read: () => read, cancelled: () => isCancelled }
}

const options = (more: Partial<ReadTextOptions> = {}): ReadTextOptions => ({
  timer: { began: () => undefined },
  name: 'a/m',
  maxBytes: 1_000,
  buffers: new ByteBudget(),
  ...more,
})

describe('a whole answer', () => {
  test('is read piece by piece, each of which starts the timer anew', async () => {
    let began = 0
    const { response } = upstream('zoë', 4)
    expect(await readText(response, options({ timer: { began: () => began++ } }))).toBe('zoëzoëzoëzoë')
    expect(began).toBe(4)
  })

  test('that is longer than the limit is given up at once', async () => {
    const { response, read, cancelled } = upstream('x'.repeat(100), 1_000)
    expect(readText(response, options())).rejects.toMatchObject({ code: 'upstream_bad_response' })
    await Bun.sleep(0)
    expect(read()).toBeLessThan(20)
    expect(cancelled()).toBe(true)
  })

  test('that says it is longer than the limit is not read', async () => {
    const { response, read } = upstream('x', 10)
    const declared = new Response(response.body, { headers: { 'content-length': '100000' } })
    expect(readText(declared, options())).rejects.toMatchObject({ code: 'upstream_bad_response' })
    expect(read()).toBe(0)
  })

  test('takes memory while it is read and gives it back, whatever becomes of it', async () => {
    const buffers = new ByteBudget(500)
    await readText(upstream('x'.repeat(100), 4).response, options({ buffers }))
    expect(buffers.used).toBe(0)
    expect(readText(upstream('x'.repeat(100), 6).response, options({ buffers }))).rejects.toMatchObject({
      code: 'gateway_overloaded',
      retryAfterMs: 1_000,
    })
    await Bun.sleep(0)
    expect(buffers.used).toBe(0)
  })
})
