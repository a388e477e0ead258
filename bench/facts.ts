import { readFileSync } from 'node:fs'
import path from 'node:path'
import { imageChat, smallChat } from './support/bodies.ts'
import { fire } from './support/load.ts'
import { memory, start, type Measured } from './support/process.ts'

/** A figure with an upper limit. */
export interface Fact {
  readonly name: string
  readonly value: number
  readonly unit: string
  readonly target: number
}

const HEADERS = { 'content-type': 'application/json', authorization: 'Bearer bench-client-key' }
const ok = (answer: string): void => {
  if (!answer.startsWith('200 ')) throw new Error(`wrong answer: ${answer.slice(0, 300)}`)
}

/** Parts of each half after which memory is looked at: the heap breathes, and its lows say what stays. */
const LOOKS = 4

/** Memory over many requests: after all of them, and growth of its lows from the first half to the second. */
export async function measureRss(startGateway: () => Promise<Measured>, short: boolean): Promise<Fact[]> {
  const gateway = await startGateway()
  // After some 20,000 requests the heap is at its widest; it has settled at 40,000.
  const total = short ? 40_000 : 200_000
  const shot = {
    url: `${gateway.url}/v1/chat/completions`,
    headers: HEADERS,
    body: JSON.stringify(smallChat('same/bench-model', false)),
    verify: ok,
  }
  const looks: number[] = []
  while (looks.length < 2 * LOOKS) {
    await fire(shot, total / 2 / LOOKS, 8)
    looks.push(await settledRss(gateway.pid))
  }
  await gateway.stop()
  const early = Math.min(...looks.slice(0, LOOKS))
  const late = Math.min(...looks.slice(LOOKS))
  return [
    { name: `memory after ${total} requests`, value: looks.at(-1) ?? 0, unit: 'MiB', target: 130 },
    {
      name: `growth of memory over the second half of them`,
      value: Math.max(0, late - early),
      unit: 'MiB',
      target: short ? 40 : 10,
    },
  ]
}

/** The lowest of several looks at an idle process: what is there between two collections says nothing. */
async function settledRss(pid: number): Promise<number> {
  let lowest = Number.POSITIVE_INFINITY
  for (let look = 0; look < 6; look++) {
    await Bun.sleep(400)
    lowest = Math.min(lowest, memory(pid).rss)
  }
  return lowest
}

/** Memory of streams that have begun and stay open. */
export async function measureOpenStreams(startGateway: () => Promise<Measured>, short: boolean): Promise<Fact[]> {
  const gateway = await startGateway()
  const count = short ? 500 : 2_000
  const before = memory(gateway.pid).rss
  const body = JSON.stringify({ ...smallChat('same/bench-model', true), user: 'HANG_OPEN' })
  const controllers: AbortController[] = []
  const open = async (): Promise<void> => {
    const controller = new AbortController()
    controllers.push(controller)
    const response = await fetch(`${gateway.url}/v1/chat/completions`, {
      method: 'POST',
      headers: HEADERS,
      body,
      signal: controller.signal,
    })
    await response.body!.getReader().read()
  }
  for (let opened = 0; opened < count; opened += 50) await Promise.all(Array.from({ length: 50 }, open))
  await Bun.sleep(1_000)
  const each = ((memory(gateway.pid).rss - before) * 1024) / count
  for (const controller of controllers) controller.abort()
  await gateway.stop()
  return [{ name: `memory of each of ${count} open streams`, value: Math.max(0, each), unit: 'KiB', target: 60 }]
}

/** A 20 MB inline image, same format and cross format: peak memory over the body's size, in a gateway of its own. */
export async function measureImage(startGateway: () => Promise<Measured>): Promise<Fact[]> {
  const facts: Fact[] = []
  for (const provider of ['same', 'cross']) {
    const gateway = await startGateway()
    try {
      await fire(
        {
          url: `${gateway.url}/v1/chat/completions`,
          headers: HEADERS,
          body: JSON.stringify(smallChat(`${provider}/bench-model`, false)),
          verify: ok,
        },
        200,
        4,
      )
      const before = memory(gateway.pid).peak
      await fire(
        {
          url: `${gateway.url}/v1/chat/completions`,
          headers: HEADERS,
          body: imageChat(`${provider}/bench-model`, 20),
          verify: ok,
        },
        1,
        1,
      )
      facts.push({
        name: `20 MB image, ${provider} format: memory as a multiple of its size`,
        value: (memory(gateway.pid).peak - before) / 20,
        unit: 'x',
        target: 2,
      })
    } finally {
      await gateway.stop()
    }
  }
  return facts
}

/** From the start of the process to its first answer. */
export async function measureStart(root: string, folder: string): Promise<Fact[]> {
  const binary = path.join(root, 'dist/switchback')
  const serve = (data: string): string[] => [
    'serve',
    '--config',
    path.join(root, 'config/quickstart.yaml'),
    '--bind',
    '127.0.0.1:0',
    '--data-dir',
    path.join(folder, data),
  ]
  const facts: Fact[] = []
  // Few would let one slow start of a busy machine decide.
  const rounds = 7
  if (exists(binary))
    facts.push({
      name: 'first answer of the binary',
      value: await firstAnswer((index) => [binary, ...serve(`bin${index}`)], rounds),
      unit: 'ms',
      target: 100,
    })
  facts.push({
    name: 'first answer of npm start',
    value: await firstAnswer(
      (index) => ['npm', '--prefix', root, 'start', '--silent', '--', ...serve(`npm${index}`).slice(1)],
      rounds,
    ),
    unit: 'ms',
    target: 400,
  })
  return facts
}

async function firstAnswer(command: (index: number) => string[], rounds: number): Promise<number> {
  const times: number[] = []
  for (let index = 0; index < rounds; index++) {
    const began = performance.now()
    const gateway = await start(command(index), {}, /(http:\/\/127\.0\.0\.1:\d+)/)
    const response = await fetch(`${gateway.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'mock/echo', messages: [{ role: 'user', content: 'hi' }] }),
    })
    ok(`${response.status} ${await response.text()}`)
    times.push(performance.now() - began)
    await gateway.stop()
  }
  return times.toSorted((left, right) => left - right)[Math.floor(rounds / 2)]!
}

function exists(file: string): boolean {
  try {
    return readFileSync(file).length > 0
  } catch {
    return false
  }
}
