import { describe, expect, test } from 'bun:test'
import type { Certification } from './certification.ts'
import type { CertificationStore } from './store.ts'

/** Stores of one place: each as another process would open it. */
export type OpenCertifications = () => {
  readonly open: () => CertificationStore
  /** Lets the time between two looks go by, where the clock is the test's. */
  readonly look: () => Promise<void>
}

export const certified = (target: string, more: Partial<Certification> = {}): Certification => ({
  schema: 'switchback.certification/v1',
  target,
  at: '2026-01-31T12:00:00.000Z',
  version: '1.0.0',
  endpoint: 'e',
  mode: 'full',
  status: 'certified',
  results: [{ id: 'text.whole', verdict: 'failed', reason: 'It is refused.', error_code: 'upstream_authentication' }],
  ...more,
})

/** The laws every store of certifications keeps. */
export function certificationStoreConformance(name: string, place: OpenCertifications): void {
  describe(`certifications in ${name}`, () => {
    test('are none at first', async () => {
      expect(await place().open().list()).toEqual([])
    })

    test('come back by target, whoever asks', async () => {
      const { open } = place()
      const made = [certified('B/x'), certified("p/it's; --"), certified('p/ä/%', { status: 'failed', mode: 'liveness' })]
      for (const one of made.toReversed()) await open().keep(one)
      expect(await open().list()).toEqual(made)
    })

    test('are one a target: the last that was kept', async () => {
      const store = place().open()
      await store.keep(certified('p/m', { status: 'failed' }))
      await store.keep(certified('p/n'))
      await store.keep(certified('p/m', { version: '2' }))
      expect(await store.list()).toEqual([certified('p/m', { version: '2' }), certified('p/n')])
    })

    test('are told of within seconds when somebody else keeps one', async () => {
      const { open, look } = place()
      const [watching, other] = [open(), open()]
      const known = new Promise<readonly Certification[]>((resolve) => {
        watching.watch(async () => {
          const all = await watching.list()
          if (all.length === 1) resolve(all)
        })
      })
      await other.keep(certified('p/m'))
      await look()
      // Whoever reads when it is told knows; the time limit of the test is the deadline.
      expect(await known).toEqual([certified('p/m')])
      await watching.close()
    }, 15_000)

    test('a listener that fails is asked again, until it has taken them over', async () => {
      const { open, look } = place()
      const store = open()
      await store.keep(certified('p/m'))
      let asked = 0
      const taken = new Promise<void>((resolve) => {
        store.watch(async () => {
          asked += 1
          if (asked < 3) throw new Error('the reader is away')
          resolve()
        })
      })
      for (let time = 0; time < 3; time++) await look()
      await taken
      await look()
      expect(asked).toBe(3)
      await store.close()
    }, 15_000)
  })
}
