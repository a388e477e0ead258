/**
 * Does `work` for every item, at most `atOnce` at a time. After a failure none is begun; those under way are waited for, and the first
 * failure is thrown.
 */
export async function eachBounded<Item>(
  items: readonly Item[],
  atOnce: number,
  work: (item: Item, index: number) => Promise<void>,
): Promise<void> {
  const entries = items.entries()
  let failure: { readonly error: unknown } | undefined
  // All lanes take from one iterator.
  const lane = async (): Promise<void> => {
    for (const [index, item] of entries) {
      await work(item, index).catch((error: unknown) => (failure ??= { error }))
      if (failure !== undefined) return
    }
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, lane))
  if (failure !== undefined) throw failure.error
}
