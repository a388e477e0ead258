import { writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Fact } from './facts.ts'
import { smallChat } from './support/bodies.ts'
import { fire } from './support/load.ts'
import { start } from './support/process.ts'

const REQUESTS = 10_000
const CANDIDATES = 10

const HEADERS = { 'content-type': 'application/json', authorization: 'Bearer bench-client-key' }

/** Seconds that `switchback replay` takes for 10,000 recorded requests with ten candidates each, against a configuration that turns them round. */
export async function measureReplay(root: string, folder: string, upstream: string): Promise<Fact[]> {
  const dataDir = path.join(folder, 'replayed')
  const switchback = path.join(root, 'bin/switchback')
  const recorded = writeConfig(path.join(folder, 'recorded.yaml'), upstream, false)
  const candidate = writeConfig(path.join(folder, 'candidate.yaml'), upstream, true)
  const serve = [switchback, 'serve', '--config', recorded, '--data-dir', dataDir]
  const gateway = await start(serve, {}, /listens on (http:\/\/127\.0\.0\.1:\d+)/)
  const body = JSON.stringify(smallChat('ten', false))
  await fire({ url: `${gateway.url}/v1/chat/completions`, headers: HEADERS, body, verify: demandServed }, REQUESTS, 8)
  await gateway.stop()
  const began = performance.now()
  const command = [
    switchback,
    'replay',
    '--since',
    'forever',
    '--config',
    candidate,
    '--data-dir',
    dataDir,
    '--json',
    '--fail-on',
    'none',
  ]
  const child = Bun.spawn(command, { stdout: 'pipe', stderr: 'pipe' })
  const [out, errors] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()])
  const seconds = (performance.now() - began) / 1000
  const { requests, changed } = JSON.parse(out === '' ? '{}' : out) as { requests?: number; changed?: number }
  if (requests !== REQUESTS || changed !== REQUESTS) throw new Error(`the replay is no good: ${out.slice(0, 300)}${errors}`)
  return [{ name: `replay of ${REQUESTS} recorded requests`, value: seconds, unit: 's', target: 30 }]
}

function demandServed(answer: string): void {
  if (!answer.startsWith('200 ')) throw new Error(`wrong answer: ${answer.slice(0, 300)}`)
}

function writeConfig(file: string, upstream: string, isTurned: boolean): string {
  const targets = Array.from({ length: CANDIDATES }, (_unused, index) => `same/bench-model-${index}`)
  if (isTurned) targets.reverse()
  writeFileSync(
    file,
    JSON.stringify({
      server: { bind: '127.0.0.1:0', api_key: 'bench-client-key' },
      providers: [{ id: 'same', type: 'openai_compatible', base_url: `${upstream}/v1`, api_key: 'upstream-key' }],
      routes: [{ name: 'ten', match: { model: 'ten' }, targets }],
    }),
  )
  return file
}
