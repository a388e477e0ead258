import { describe, expect, test } from 'bun:test'
import type { LostAttempt } from '../../ir/settlement.ts'
import { exampleLoss } from '../ledger/conformance.ts'
import type { OpenAttempts } from './store.ts'

/** Processes that keep notes in one place, one after the other or beside each other. */
export interface OpenAttemptsWorld {
  /** Another process. */
  start(): Promise<OpenAttempts>
  /** Ends a process as a crash does, when what it did has reached the place. */
  kill(attempts: OpenAttempts): Promise<void>
}

/** The laws every place for notes of attempts keeps. */
export function openAttemptsConformance(name: string, open: () => OpenAttemptsWorld): void {
  const orphansOf = async (attempts: OpenAttempts): Promise<readonly LostAttempt[]> => {
    // Whoever is cut off for a moment is not gone: some look twice.
    await attempts.orphans()
    return (await attempts.orphans()).toSorted((left, right) => left.id.localeCompare(right.id))
  }

  describe(`attempts under way, noted in ${name}`, () => {
    test('are orphans when their process is gone, but for those whose end was kept', async () => {
      const world = open()
      const first = await world.start()
      for (const id of ['req_a.0', 'req_b.0', 'req_b.1']) first.begun(exampleLoss(id))
      first.kept(['req_b.0', 'req_of_nobody.0'])
      await world.kill(first)
      const second = await world.start()
      expect(await orphansOf(second)).toEqual([exampleLoss('req_a.0'), exampleLoss('req_b.1')])
      await second.close()
    })

    test('are told until they are buried, and then never again', async () => {
      const world = open()
      const first = await world.start()
      first.begun(exampleLoss('req_a.0', { session: undefined, reserved_nanos: undefined }))
      first.begun(exampleLoss('req_b.0'))
      await world.kill(first)
      const second = await world.start()
      expect((await orphansOf(second)).map(({ id }) => String(id))).toEqual(['req_a.0', 'req_b.0'])
      await second.buried(['req_a.0', 'req_of_nobody.0'])
      await world.kill(second)
      const third = await world.start()
      expect(await orphansOf(third)).toEqual([exampleLoss('req_b.0')])
      await third.buried(['req_b.0'])
      expect(await orphansOf(third)).toEqual([])
      await third.close()
    })

    test('are no orphans while their process lives, nor after it has ended in order', async () => {
      const world = open()
      const first = await world.start()
      first.begun(exampleLoss('req_a.0'))
      expect(await orphansOf(first)).toEqual([])
      first.kept(['req_a.0'])
      await first.close()
      const second = await world.start()
      expect(await orphansOf(second)).toEqual([])
      await second.close()
    })

    test('are many without anything being forgotten', async () => {
      const world = open()
      const first = await world.start()
      const ids = Array.from({ length: 3_000 }, (_unused, index) => `req_${index}.0`)
      for (const id of ids) first.begun(exampleLoss(id))
      first.kept(ids.slice(0, 2_500))
      await world.kill(first)
      const second = await world.start()
      const found = new Set<string>()
      for (let turn = 0; turn < 10 && found.size < 500; turn++) {
        const orphans = await orphansOf(second)
        for (const { id } of orphans) found.add(id)
        await second.buried(orphans.map(({ id }) => id))
      }
      expect([...found].toSorted()).toEqual(ids.slice(2_500).toSorted())
      await second.close()
    })
  })
}
