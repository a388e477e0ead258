import { afterEach, describe, expect, test } from 'bun:test'
import type { PublicationOrder, RevisionBody, RevisionStore } from './store.ts'

const START = 1_700_000_000_000

export const bodyOf = (name: string, part: Partial<RevisionBody> = {}): RevisionBody => ({
  digest: `sha256:${name}`,
  document: `# ${name}\nproviders: []\n`,
  policyFiles: {},
  isWhole: true,
  source: 'file',
  version: '1.0.0',
  ...part,
})

const order = (revision: number | undefined, part: Partial<PublicationOrder> = {}): PublicationOrder => ({
  revision,
  at: START,
  by: 'alice',
  note: undefined,
  ...part,
})

/** An empty place, opened by any number of stores. */
export interface RevisionsUnderTest {
  readonly open: () => RevisionStore
}

/** The laws every store of revisions keeps. */
export function revisionStoreConformance(name: string, fresh: () => RevisionsUnderTest | Promise<RevisionsUnderTest>): void {
  describe(`revisions in ${name}`, () => {
    const opened: RevisionStore[] = []
    const store = async (): Promise<RevisionStore> => {
      const one = (await fresh()).open()
      opened.push(one)
      return one
    }
    afterEach(async () => {
      for (const one of opened.splice(0)) await one.close()
    })

    test('are none at first, and nothing is published', async () => {
      const empty = await store()
      expect(await empty.list()).toEqual([])
      expect(await empty.get(1)).toBeUndefined()
      expect(await empty.published()).toBeUndefined()
      expect(await empty.publications()).toEqual([])
    })

    test('are numbered as they come, and come back as they were', async () => {
      const revisions = await store()
      const second = bodyOf('two', {
        document: `a: "it's; \\u0000 -- ${'ü'.repeat(50_000)}"\n`,
        policyFiles: { 'tests/policies.yaml': 'tests: []\n', 'ü.yaml': "'" },
        isWhole: false,
        source: 'environment',
      })
      expect(await revisions.note(bodyOf('one'), START)).toBe(1)
      expect(await revisions.note(second, START + 1)).toBe(2)
      expect(await revisions.get(2)).toEqual({ ...second, revision: 2, firstAt: START + 1, lastAt: START + 1 })
      const { document: _document, policyFiles: _files, ...summary } = second
      const [newest, oldest] = await revisions.list()
      expect(newest).toEqual({ ...summary, revision: 2, firstAt: START + 1, lastAt: START + 1 })
      expect(oldest?.revision).toBe(1)
    })

    test('that mean the same are one, and keep what was written first', async () => {
      const revisions = await store()
      await revisions.note(bodyOf('one'), START)
      await revisions.note(bodyOf('two'), START + 1)
      expect(await revisions.note(bodyOf('one', { document: 'other: words\n' }), START + 9)).toBe(1)
      expect(await revisions.note(bodyOf('one'), START + 5)).toBe(1)
      expect(await revisions.get(1)).toMatchObject({ document: bodyOf('one').document, firstAt: START, lastAt: START + 9 })
      expect(await revisions.note(bodyOf('three'), START + 10)).toBe(3)
    })

    test('are listed in pages', async () => {
      const revisions = await store()
      for (let index = 1; index <= 7; index += 1) await revisions.note(bodyOf(`${index}`), START + index)
      expect((await revisions.list({ limit: 3 })).map(({ revision }) => revision)).toEqual([7, 6, 5])
      expect((await revisions.list({ limit: 3, before: 5 })).map(({ revision }) => revision)).toEqual([4, 3, 2])
    })

    test('are published, again and back, and withdrawn', async () => {
      const revisions = await store()
      for (const each of ['one', 'two']) await revisions.note(bodyOf(each), START)
      const orders = [order(1, { note: 'first' }), order(2, { by: 'bob' }), order(1), order(undefined, { at: START + 4 })]
      for (const each of orders) await revisions.publish(each)
      expect(await revisions.published()).toMatchObject({ revision: undefined, at: START + 4 })
      const kept = await revisions.publications()
      expect(kept.map(({ revision }) => revision)).toEqual([undefined, 1, 2, 1])
      expect(kept.at(-1)).toEqual({ sequence: kept.at(-1)?.sequence ?? 0, revision: 1, at: START, by: 'alice', note: 'first' })
      expect(await revisions.publications({ limit: 1 })).toHaveLength(1)
    })

    test('that are not there cannot be published', async () => {
      const revisions = await store()
      const refused = await revisions.publish(order(7)).catch((error: unknown) => error)
      expect(refused).toMatchObject({ code: 'revision_not_found' })
      expect(await revisions.published()).toBeUndefined()
    })

    test('are published only in the place of what was expected', async () => {
      const revisions = await store()
      for (const each of ['one', 'two']) await revisions.note(bodyOf(each), START)
      const tryTo = (wanted: PublicationOrder): Promise<unknown> =>
        revisions.publish(wanted).then(
          ({ revision }) => revision,
          (error: unknown) => (error as { code: string }).code,
        )
      expect(await tryTo(order(1, { expected: 2 }))).toBe('revision_conflict')
      expect(await tryTo(order(1, { expected: 'none' }))).toBe(1)
      expect(await tryTo(order(2, { expected: 'none' }))).toBe('revision_conflict')
      expect(await tryTo(order(2, { expected: 1 }))).toBe(2)
      expect(await tryTo(order(undefined, { expected: 1 }))).toBe('revision_conflict')
      expect(await tryTo(order(undefined, { expected: 2 }))).toBeUndefined()
      expect(await tryTo(order(1, { expected: 'none' }))).toBe(1)
    })

    test('of ten who publish at once in the place of the same, one wins', async () => {
      const place = await fresh()
      const stores = Array.from({ length: 5 }, () => place.open())
      opened.push(...stores)
      const [first] = stores as [RevisionStore]
      for (let index = 0; index < 10; index += 1) await first.note(bodyOf(`${index}`), START)
      const attempts = await Promise.allSettled(
        Array.from({ length: 10 }, (_unused, index) =>
          stores[index % 5]!.publish(order(index + 1, { expected: 'none', by: `${index}` })),
        ),
      )
      expect(attempts.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
      expect(await first.publications()).toHaveLength(1)
    })

    test('that are published are told to whoever watches', async () => {
      const revisions = await store()
      await revisions.note(bodyOf('one'), START)
      const heard = new Promise<void>((resolve) => {
        revisions.watch(async () => {
          if ((await revisions.published())?.revision === 1) resolve()
        })
      })
      await revisions.publish(order(1))
      // The time limit of the test is the deadline.
      await heard
    }, 15_000)

    test('of old are forgotten, with what was published then, but what holds', async () => {
      const revisions = await store()
      for (const [index, each] of ['one', 'two', 'three', 'four'].entries()) await revisions.note(bodyOf(each), START + index)
      await revisions.publish(order(3, { at: START }))
      await revisions.publish(order(1, { at: START + 1 }))
      expect(await revisions.prune(START + 3, 2)).toBe(1)
      expect((await revisions.list()).map(({ revision }) => revision)).toEqual([4, 2, 1])
      expect((await revisions.publications()).map(({ revision }) => revision)).toEqual([1])
      expect(await revisions.note(bodyOf('three'), START + 9)).toBe(5)
    })

    test('are no more than a thousand', async () => {
      const revisions = await store()
      for (let index = 1; index <= 1_003; index += 1) await revisions.note(bodyOf(`${index}`), START)
      await revisions.publish(order(2))
      expect(await revisions.prune(START, 1_003)).toBe(2)
      expect(await revisions.get(1)).toBeUndefined()
      expect(await revisions.get(2)).toBeDefined()
      expect(await revisions.get(3)).toBeUndefined()
    }, 60_000)
  })
}
