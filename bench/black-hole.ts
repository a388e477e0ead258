import { writeFileSync } from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import type { Fact } from './facts.ts'
import { smallChat } from './support/bodies.ts'
import { start } from './support/process.ts'

const HEADERS = { 'content-type': 'application/json', authorization: 'Bearer bench-client-key' }
/** Calls that the black hole has swallowed at any time. */
const SWALLOWED = 100

/**
 * How much longer calls to one provider take while another one takes connections and never answers: the median over pairs of slices, with
 * and without calls that wait for it.
 */
export async function measureBlackHole(root: string, folder: string, upstream: string, short: boolean): Promise<Fact[]> {
  const hole = net.createServer((socket) => socket.on('error', () => undefined))
  await new Promise<void>((resolve) => hole.listen(0, '127.0.0.1', resolve))
  const config = writeConfig(path.join(folder, 'black-hole.yaml'), upstream, (hole.address() as net.AddressInfo).port)
  const serve = [path.join(root, 'bin/switchback'), 'serve', '--config', config, '--data-dir', path.join(folder, 'black-hole')]
  const gateway = await start(serve, {}, /listens on (http:\/\/127\.0\.0\.1:\d+)/)
  const slice = short ? 300 : 1_000
  try {
    await medianLatency(gateway.url, 3 * slice)
    const ratios: number[] = []
    for (let pair = 0; pair < (short ? 7 : 15); pair++) {
      const without = await medianLatency(gateway.url, slice)
      const release = await swallow(gateway.url)
      ratios.push((await medianLatency(gateway.url, slice)) / without)
      await release()
    }
    const value = ratios.toSorted((left, right) => left - right)[Math.floor(ratios.length / 2)]!
    return [{ name: `latency beside a black hole with ${SWALLOWED} calls in it`, value, unit: 'x', target: 1.1 }]
  } finally {
    await gateway.stop()
    hole.close()
  }
}

const ask = (url: string, model: string, signal?: AbortSignal): Promise<Response> =>
  fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: HEADERS,
    body: JSON.stringify(smallChat(model, false)),
    ...(signal === undefined ? {} : { signal }),
  })

/** Of so many calls to the other provider, one after the other, in ms. */
async function medianLatency(url: string, count: number): Promise<number> {
  const times: number[] = []
  for (let index = 0; index < count; index++) {
    const began = performance.now()
    const response = await ask(url, 'same/bench-model')
    await response.text()
    if (response.status !== 200) throw new Error(`the other provider answered with ${response.status}`)
    times.push(performance.now() - began)
  }
  return times.toSorted((left, right) => left - right)[Math.floor(count / 2)]!
}

/** Sends calls into the black hole. They are given up by the returned function. */
async function swallow(url: string): Promise<() => Promise<void>> {
  const controller = new AbortController()
  const calls = Array.from({ length: SWALLOWED }, () => ask(url, 'hole/m', controller.signal).catch(() => undefined))
  await Bun.sleep(200)
  return async () => {
    controller.abort()
    await Promise.all(calls)
    await Bun.sleep(200)
  }
}

function writeConfig(file: string, upstream: string, hole: number): string {
  const provider = (id: string, url: string): object => ({
    id,
    type: 'openai_compatible',
    base_url: `${url}/v1`,
    api_key: 'upstream-key',
  })
  writeFileSync(
    file,
    JSON.stringify({
      server: { bind: '127.0.0.1:0', api_key: 'bench-client-key' },
      providers: [provider('same', upstream), provider('hole', `http://127.0.0.1:${hole}`)],
    }),
  )
  return file
}
