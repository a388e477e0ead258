import { expect, test } from 'bun:test'
import { asServerSentEvents } from './as-server-sent-events.ts'
import { converseEvent } from './converse-events.ts'

test('an answer with a damaged message is given up', async () => {
  const given = Promise.withResolvers<void>()
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(new Uint8Array(16).fill(0xff)),
    cancel: () => given.resolve(),
  })
  const headers = { 'content-type': 'application/vnd.amazon.eventstream' }
  expect(asServerSentEvents(new Response(body, { headers }), converseEvent).text()).rejects.toThrow()
  await given.promise
})
