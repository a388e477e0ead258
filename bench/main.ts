/**
 * `npm run bench [-- --gate] [-- --short] [-- --only TEXT]`: the gateway against its floors, paired and interleaved in one run, as CPU time
 * per request of the process under test. Prints a table and writes `bench/results/latest.json`.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import path from 'node:path'
import { measureImage, measureOpenStreams, measureRss, measureStart, type Fact } from './facts.ts'
import { withComparisons, type Comparison } from './everything.ts'
import { measureBlackHole } from './black-hole.ts'
import { measureReplay } from './replay.ts'
import { measureRouting } from './routing.ts'
import { measureSigning } from './signing.ts'
import { ROWS, type Row } from './rows.ts'
import { fire } from './support/load.ts'
import { compilerMicroseconds, cpuMicroseconds, memory, start, type Measured } from './support/process.ts'

const root = path.resolve(import.meta.dir, '..')
const flags = new Set(process.argv.slice(2))
const short = flags.has('--short')
const only = process.argv[process.argv.indexOf('--only') + 1]
/** Noise allowance of the short form, which runs beside other work. */
const HEADROOM = short ? 1.5 : 1
const SLICES = short ? 5 : 11
const CONCURRENCY = 8
/** The compiler needs thousands of calls before the code it makes is the code that serves from then on. */
const MOST_WARM_UP_SLICES = short ? 12 : 60
/** Warm when compiling takes less than this share of the CPU time. */
const COMPILING_SHARE = 0.02

const isWanted = (row: Row): boolean => !flags.has('--only') || row.name.includes(only ?? '')

interface RowResult {
  readonly name: string
  readonly gatewayUs: number
  readonly floorUs: number
  readonly ratio: number
  readonly target: number
}

const median = (values: number[]): number => values.toSorted((left, right) => left - right)[Math.floor(values.length / 2)]!

async function measureRow(row: Row, gateway: Measured, floor: Measured): Promise<RowResult> {
  const shots = { gateway: row.gateway(gateway.url), floor: row.floor(floor.url) }
  const slice = short ? Math.ceil(row.slice / 2) : row.slice
  await warmUp(floor, () => fire(shots.floor, row.slice, CONCURRENCY))
  await warmUp(gateway, () => fire(shots.gateway, row.slice, CONCURRENCY))
  const pairs: { gateway: number; floor: number }[] = []
  for (let index = 0; index < SLICES; index++) {
    const floorUs = await cost(floor, () => fire(shots.floor, slice, CONCURRENCY), slice)
    const gatewayUs = await cost(gateway, () => fire(shots.gateway, slice, CONCURRENCY), slice)
    pairs.push({ gateway: gatewayUs, floor: floorUs })
  }
  return {
    name: row.name,
    gatewayUs: median(pairs.map((pair) => pair.gateway)),
    floorUs: median(pairs.map((pair) => pair.floor)),
    ratio: median(pairs.map((pair) => pair.gateway / pair.floor)),
    target: row.target,
  }
}

async function warmUp(measured: Measured, slice: () => Promise<void>): Promise<void> {
  for (let index = 0; index < MOST_WARM_UP_SLICES; index++) {
    const compiled = compilerMicroseconds(measured.pid)
    const spent = cpuMicroseconds(measured.pid)
    await slice()
    const share = (compilerMicroseconds(measured.pid) - compiled) / (cpuMicroseconds(measured.pid) - spent)
    if (index >= MOST_WARM_UP_SLICES / 4 && share < COMPILING_SHARE) return
  }
}

/** CPU per request, the work that is put off (records are written in batches) included. */
async function cost(measured: Measured, work: () => Promise<void>, count: number): Promise<number> {
  const before = cpuMicroseconds(measured.pid)
  await work()
  await Bun.sleep(300)
  return (cpuMicroseconds(measured.pid) - before) / count
}

function writeConfig(folder: string, upstream: string): string {
  const file = path.join(folder, 'switchback.yaml')
  writeFileSync(
    file,
    `server:
  bind: 127.0.0.1:0
  api_key: bench-client-key
providers:
  - id: same
    type: openai_compatible
    base_url: ${upstream}/v1
    api_key: upstream-key
  - id: cross
    type: anthropic
    base_url: ${upstream}
    api_key: upstream-key
  - id: gemini
    type: gemini
    base_url: ${upstream}
    api_key: upstream-key
  - id: bedrock
    type: bedrock
    base_url: ${upstream}
    region: us-east-1
    accounts: [{ id: keys, auth: { kind: aws, access_key: AKIDBENCH, secret_key: bench-secret } }]
`,
  )
  return file
}

const print = (text: string): void => void process.stdout.write(`${text}\n`)

async function main(): Promise<number> {
  const folder = mkdtempSync(path.join(tmpdir(), 'switchback-bench-'))
  const bun = process.execPath
  const upstream = await start([bun, path.join(root, 'bench/support/upstream.ts')])
  const floor = await start([bun, path.join(root, 'bench/floors/proxy.ts'), upstream.url])
  const config = writeConfig(folder, upstream.url)
  let started = 0
  const startGateway = (): Promise<Measured> => {
    const command = [
      path.join(root, 'bin/switchback'),
      'serve',
      '--config',
      config,
      '--data-dir',
      path.join(folder, `data${started++}`),
    ]
    return start(command, {}, /listens on (http:\/\/127\.0\.0\.1:\d+)/)
  }
  const gateway = await startGateway()
  const results: RowResult[] = []
  const facts: Fact[] = []
  try {
    print(`${'row'.padEnd(48)} gateway µs   floor µs   ratio  target`)
    const measure = async ({ row, ...processes }: Comparison): Promise<void> => {
      if (!isWanted(row)) return
      const result = await measureRow(row, processes.gateway, processes.floor)
      results.push(result)
      print(
        `${result.name.padEnd(48)} ${result.gatewayUs.toFixed(1).padStart(10)} ${result.floorUs.toFixed(1).padStart(10)} ${result.ratio.toFixed(2).padStart(7)} ${result.target.toFixed(2).padStart(7)}`,
      )
    }
    for (const row of ROWS) await measure({ row, gateway, floor })
    await withComparisons({ root, folder, upstream: upstream.url }, measure)
    if (!flags.has('--only')) {
      facts.push(
        ...measureRouting(),
        await measureSigning(),
        ...(await measureRss(startGateway, short)),
        ...(await measureOpenStreams(startGateway, short)),
        ...(await measureImage(startGateway)),
        ...(await measureReplay(root, folder, upstream.url)),
        ...(await measureBlackHole(root, folder, upstream.url, short)),
        ...(await measureStart(root, folder)),
      )
      for (const fact of facts)
        print(`${fact.name.padEnd(60)} ${fact.value.toFixed(1).padStart(10)} ${fact.unit.padEnd(4)} target ${fact.target}`)
    }
    print(
      `memory of the gateway: ${memory(gateway.pid).rss.toFixed(0)} MiB now, ${memory(gateway.pid).peak.toFixed(0)} MiB at most`,
    )
  } finally {
    await Promise.all([gateway.stop(), floor.stop(), upstream.stop()])
    rmSync(folder, { recursive: true, force: true })
  }
  mkdirSync(path.join(root, 'bench/results'), { recursive: true })
  const machine = { cpu: cpus()[0]?.model, cores: cpus().length, runtime: `bun ${Bun.version}` }
  writeFileSync(
    path.join(root, 'bench/results/latest.json'),
    `${JSON.stringify({ machine, short, rows: results, facts }, undefined, 2)}\n`,
  )
  const missed = [
    ...results.filter((row) => row.ratio > row.target * HEADROOM).map((row) => row.name),
    ...facts.filter((fact) => fact.value > fact.target * HEADROOM).map((fact) => fact.name),
  ]
  if (missed.length > 0) print(`missed: ${missed.join('; ')}`)
  print(`bench: ${results.length + facts.length - missed.length} targets held, ${missed.length} missed`)
  return flags.has('--gate') && missed.length > 0 ? 1 : 0
}

process.exit(await main())
