import { afterEach, describe, expect, test } from 'bun:test'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { compiledConfig } from '../../test/support/gateway-fixture.ts'
import { fakeKey } from '../../test/support/http-app-fixture.ts'
import { ACME, OPERATED_CONFIG, operatedGateway, type OperatedGateway } from '../../test/support/operator-fixture.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import { systemClock } from '../lib/clock.ts'
import { Secret } from '../lib/secret.ts'
import { takeDataDir } from '../state/data-dir.ts'
import { openDisables } from '../state/disables/open.ts'
import type { DisableStore } from '../state/disables/store.ts'
import { carryOut, type SwitchPlace, type TypedOrder } from './disable-place.ts'
import { renderSwitch } from './render-disable.ts'

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

const WALL = 1_700_000_000_000
const clock = { ...systemClock, wall: () => WALL }
const disable = (scope: TypedOrder['scope'], name: string, more: Partial<TypedOrder> = {}): TypedOrder => ({
  action: 'disable',
  scope,
  name,
  ...more,
})

interface Files {
  readonly place: SwitchPlace
  readonly dataDir: string
  readonly file: string
  /** What a gateway that starts there finds. */
  readonly found: () => DisableStore
}

function files(state: Record<string, unknown> = {}): Files {
  const dataDir = mkdtempSync(join(tmpdir(), 'switchback-switch-'))
  folders.push(dataDir)
  const config = compiledConfig({ ...OPERATED_CONFIG, state })
  const file = join(dataDir, 'switchback.db')
  const place: SwitchPlace = { kind: 'files', dataDir, config, clock, pid: process.pid, user: 'alice', by: 'command line, alice' }
  return { place, dataDir, file, found: () => openDisables({ store: file, clock }) }
}

/** A gateway as its callers reach it, and the addresses they asked for. */
function reachable(gateway: OperatedGateway, apiKey?: string) {
  const asked: string[] = []
  const fetch = async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const request = new Request(input, init)
    asked.push(new URL(request.url).pathname)
    request.headers.set('host', 'localhost:8765')
    return gateway.app.fetch(request)
  }
  const key = apiKey === undefined ? undefined : new Secret(apiKey)
  const address = { url: 'http://localhost:8765', apiKey: key, fetch: fetch as typeof globalThis.fetch }
  return { place: { kind: 'gateway', gateway: address } satisfies SwitchPlace, asked }
}

async function refusal(promise: Promise<unknown>): Promise<GatewayError> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (error instanceof GatewayError) return error
  throw new Error('expected a refusal')
}

describe('with no gateway running, an order', () => {
  test('stands in the store that the next one opens, with time, reason and orderer', async () => {
    const { place, file, found } = files()
    const order = disable('account', 'acme/main', { for: '2h', reason: 'rotating' })
    const result = await carryOut(place, order)
    expect(result.told).toEqual({ file })
    const store = found()
    expect(store.list()).toMatchObject([{ reason: 'rotating', until: WALL + 7_200_000, by: 'command line, alice', since: WALL }])
    await store.close()
    expect(renderSwitch(order, result, WALL)).toBe(
      `Disabled: account acme/main until ${new Date(WALL + 7_200_000).toISOString()} (2h): rotating\n` +
        `No gateway runs on this data directory. Written to ${file}; it holds when one starts.`,
    )
  })

  test('can be taken back, which is audited', async () => {
    const { place, found } = files()
    await carryOut(place, disable('provider', 'acme'))
    const enable: TypedOrder = { action: 'enable', scope: 'provider', name: 'acme', reason: 'works again' }
    expect((await carryOut(place, enable)).answer).toMatchObject({ was_disabled: true })
    const again = await carryOut(place, enable)
    expect(renderSwitch(enable, again, WALL)).toBe('provider acme was not disabled; nothing has changed.')
    const store = found()
    expect((await store.changes()).map(({ action, reason }) => [action, reason])).toEqual([
      ['enable', 'works again'],
      ['disable', undefined],
    ])
    await store.close()
  })

  test('is refused for what the configuration does not have, before anything is written', async () => {
    const { place, file } = files()
    for (const order of [disable('provider', 'acmee'), disable('model', 'acme/larg'), disable('account', 'acme/mian')])
      expect(await refusal(carryOut(place, order))).toMatchObject({ code: 'subject_not_found' })
    for (const order of [disable('provider', ''), disable('model', 'acme'), disable('account', 'acme/')])
      expect(await refusal(carryOut(place, order))).toMatchObject({ code: 'invalid_body' })
    expect((await refusal(carryOut(place, disable('provider', 'acme', { for: '30' })))).message).toContain('30s, 30m or 30h')
    const store = existsSync(file) ? openDisables({ store: file, clock }) : undefined
    expect((await store?.changes()) ?? []).toEqual([])
    await store?.close()
  })

  test('to reset locks, or for a state in memory, says why that cannot be', async () => {
    const reset: TypedOrder = { action: 'reset', scope: 'account', name: 'acme/main' }
    expect((await refusal(carryOut(files().place, reset))).message).toContain('nothing to reset')
    const memory = files({ store: 'memory' })
    expect(await refusal(carryOut(memory.place, disable('provider', 'acme')))).toMatchObject({ code: 'state_unavailable' })
  })

  test('does not slip past a gateway that has just taken the directory', async () => {
    const { place, dataDir, file } = files()
    const held = takeDataDir({ path: dataDir, pid: process.pid, startedAt: WALL })
    try {
      expect(await refusal(carryOut(place, disable('provider', 'acme')))).toMatchObject({ code: 'data_dir_locked' })
      expect(existsSync(file)).toBe(false)
    } finally {
      held.release()
    }
    await carryOut(place, disable('provider', 'acme'))
    takeDataDir({ path: dataDir, pid: process.pid, startedAt: WALL }).release()
  })
})

describe('with a gateway running, an order', () => {
  test('is carried out there at once', async () => {
    const gateway = operatedGateway({ apiKeys: [fakeKey('good', 'operator')] })
    const { place, asked } = reachable(gateway, 'good')
    const order = disable('model', 'acme/org/small', { for: '30m', reason: 'wrong answers' })
    const result = await carryOut(place, order)
    expect(asked).toEqual(['/v1/models/acme/org%2Fsmall/disable'])
    expect(gateway.disables.model(ACME, 'org/small')).toMatchObject({
      reason: 'wrong answers',
      until: gateway.clock.wall() + 1_800_000,
    })
    expect(renderSwitch(order, result, gateway.clock.wall())).toContain('The gateway at http://localhost:8765 was told')
    await carryOut(place, { action: 'reset', scope: 'account', name: 'acme/spare' })
    const enabled = await carryOut(place, { action: 'enable', scope: 'model', name: 'acme/org/small' })
    expect(enabled.answer).toMatchObject({ was_disabled: true })
  })

  test("tells the gateway's own refusals", async () => {
    const gateway = operatedGateway({ apiKeys: [fakeKey('good', 'client')] })
    const refused = await refusal(carryOut(reachable(gateway, 'good').place, disable('provider', 'acme')))
    expect(refused).toMatchObject({ code: 'invalid_api_key' })
    expect(gateway.disables.any).toBe(false)
  })

  test('cannot be led to another address by its name', async () => {
    const gateway = operatedGateway()
    const { place, asked } = reachable(gateway)
    expect(await refusal(carryOut(place, disable('model', 'acme/..')))).toMatchObject({ code: 'invalid_body' })
    expect(await refusal(carryOut(place, disable('provider', '..')))).toMatchObject({ code: 'invalid_body' })
    expect(asked).toEqual([])
    for (const name of ['acme/../../providers/acme', 'acme/large/disable?x=#', 'acme/%2e%2e'])
      expect(await refusal(carryOut(place, disable('model', name)))).toBeInstanceOf(GatewayError)
    expect(asked).toHaveLength(3)
    expect(gateway.disables.any).toBe(false)
  })
})
