import { describe, expect, test } from 'bun:test'
import { ManualClock } from '../../../test/support/manual-clock.ts'
import { configFromObject, type LoadResult } from '../../config/load.ts'
import { GatewayError } from '../../errors/gateway-error.ts'
import { createMemoryRevisions } from '../../state/revisions/memory.ts'
import type { RevisionStore } from '../../state/revisions/store.ts'
import { providerMaker } from '../../app/make-providers.ts'
import { silentLogger } from '../../observability/logger.ts'
import { LiveConfig } from '../live-config.ts'
import { ConfigInForce, type ConfigInForceOptions } from './config-in-force.ts'
import { revisionBody } from './revision-body.ts'

const document = (provider: string): string => `providers: [{ id: ${provider}, type: mock }]\n`
const own = (provider: string, published?: Parameters<NonNullable<ConfigInForceOptions['load']>>[0]): LoadResult =>
  configFromObject(
    { providers: [{ id: provider, type: 'mock' }], retention: { audit: '1h' } },
    { cwd: '/', home: '/', env: {}, published },
  )

function compiled(loaded: LoadResult) {
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems))
  return loaded.compiled
}

/** A gateway with nothing but its configuration. `refuses` names a provider that it does not take. */
async function world(part: { readonly store?: Partial<RevisionStore>; readonly refuses?: string } = {}) {
  const clock = new ManualClock()
  const store: RevisionStore = { ...createMemoryRevisions(), ...part.store }
  const live = new LiveConfig(compiled(own('own')), providerMaker({ clock, logger: silentLogger, loginsOf: undefined }))
  const told: string[] = []
  const file = { provider: 'own' }
  const inForce = new ConfigInForce({
    store,
    live,
    load: (published) => own(file.provider, published),
    async prepare(config) {
      const [first] = config.providers
      if (first?.id === part.refuses) throw new GatewayError('config_invalid', 'It is refused.')
      const kind = live.config.routing.configHash === config.routing.configHash ? 'unchanged' : 'applied'
      return {
        kind,
        restart: [],
        apply: (revision) => (kind === 'applied' ? live.take(config, new Map(), revision) : live.renumber(revision)),
      }
    },
    changed: () => undefined,
    clock,
    tell: (line) => told.push(line),
    warn: (message) => told.push(message),
  })
  const publish = async (provider: string): Promise<number> => {
    const revision = await store.note(
      revisionBody(compiled(own('x', { revision: 0, document: document(provider), policyFiles: {} }))),
      clock.wall(),
    )
    await store.publish({ revision, at: clock.wall(), by: 'alice', note: undefined })
    await inForce.settled()
    return revision
  }
  const serving = (): string => `${live.config.providers[0]?.id} ${live.snapshot().revision}`
  return { clock, store, live, told, file, inForce, publish, serving }
}

describe('the configuration in force', () => {
  test('is the own one with its number in the history, until another is published', async () => {
    const { inForce, publish, serving, told, store } = await world()
    await inForce.start()
    expect(serving()).toBe('own 1')
    await publish('shared')
    expect(serving()).toBe('shared 2')
    expect(inForce.source).toMatchObject({ kind: 'published', revision: 2 })
    await store.publish({ revision: undefined, at: 0, by: 'bob', note: undefined })
    await inForce.settled()
    expect(serving()).toBe('own 1')
    expect(told).toEqual([
      'Revision 2, published by alice, was taken over.',
      'What was published was withdrawn: this gateway serves by its own configuration again (revision 1).',
    ])
  })

  test('is the published one from the start', async () => {
    const { inForce, publish, serving } = await world()
    await publish('shared')
    await inForce.start()
    expect(serving()).toBe('shared 1')
  })

  test('stays what it was when the published one is refused, and nothing starts with that', async () => {
    const { inForce, publish, serving, told } = await world({ refuses: 'bad' })
    await inForce.start()
    await publish('bad')
    expect(serving()).toBe('own 1')
    expect(told).toEqual(['It is refused.', 'The new configuration was not taken. The one before it stays in force.'])
    const other = await world({ refuses: 'bad' })
    await other.publish('bad')
    expect(await other.inForce.start().catch((error: GatewayError) => [error.code, error.message])).toEqual([
      'config_invalid',
      expect.stringContaining(
        'Revision 1, which alice has published for all gateways, is not taken here:\n  It is refused.',
      ) as string,
    ])
  })

  test('follows its own file only while nothing is published', async () => {
    const { inForce, publish, serving, file } = await world()
    await inForce.start()
    file.provider = 'changed'
    expect((await inForce.refresh()).outcome).toEqual({ kind: 'applied', revision: 2, restart: [] })
    await publish('shared')
    file.provider = 'again'
    expect((await inForce.refresh()).outcome).toEqual({ kind: 'unchanged', revision: 3, restart: [] })
    expect(await inForce.reload(compiled(own('handed')))).toMatchObject({ kind: 'unchanged' })
    expect(serving()).toBe('shared 3')
  })

  test('is revision 0 while the history cannot be written, and gets its number when it can', async () => {
    const memory = createMemoryRevisions()
    let isDown = false
    const note: RevisionStore['note'] = async (body, at) => {
      if (isDown) throw new GatewayError('state_unavailable', 'down')
      return memory.note(body, at)
    }
    const { inForce, serving, file, clock } = await world({ store: { ...memory, note } })
    await inForce.start()
    isDown = true
    file.provider = 'changed'
    await inForce.refresh()
    expect(serving()).toBe('changed 0')
    file.provider = 'more'
    await inForce.refresh()
    await clock.advance(20_000)
    expect(serving()).toBe('more 0')
    isDown = false
    await clock.advance(5_000)
    expect(serving()).toBe('more 2')
    inForce.close()
    expect(clock.pending).toBe(0)
  })

  test('that is given up before it is at work says nothing and follows nothing', async () => {
    let watched = 0
    const { inForce, told } = await world({
      store: { note: () => Promise.reject(new Error('database is not open')), watch: () => void watched++ },
    })
    const starting = inForce.start()
    inForce.close()
    await starting
    expect([told, watched]).toEqual([[], 0])
  })

  test('is kept in the history however old it is, and what was before it is not', async () => {
    const { inForce, store, file, clock, serving } = await world()
    await inForce.start()
    file.provider = 'changed'
    await inForce.refresh()
    await clock.advance(3 * 3_600_000)
    expect((await store.list()).map(({ revision }) => revision)).toEqual([2])
    expect(serving()).toBe('changed 2')
    inForce.close()
  })

  test('is the last of many that are published at once', async () => {
    const { inForce, store, serving } = await world()
    await inForce.start()
    for (const provider of ['a', 'b', 'c', 'd']) {
      const body = revisionBody(compiled(own('x', { revision: 0, document: document(provider), policyFiles: {} })))
      const revision = await store.note(body, 0)
      void store.publish({ revision, at: 0, by: 'alice', note: undefined })
      file(inForce)
    }
    await inForce.settled()
    expect(serving()).toBe('d 5')
  })
})

/** Somebody reads the configuration anew at the same time. */
const file = (inForce: ConfigInForce): void => void inForce.refresh()
