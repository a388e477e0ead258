/** What is kept: the text of the price file in force, and the one that it replaced. */
export interface PriceTexts {
  readonly current: string | undefined
  readonly previous: string | undefined
}

/** Whoever follows the operator's prices. */
export interface PriceWatcher {
  /** Gets the text that is there at first, and again whenever it has changed; undefined when there is none any more. Gets it again after it has thrown. */
  readonly onChange: (text: string | undefined) => void
  /** Told once for each new reason why the text cannot be read, or not be taken. The last one stands until it can be. */
  readonly onUnreadable: (reason: string) => void
}

/** The operator's prices as one text, the same whether a gateway has them for itself or shares them with others. */
export interface PriceStore {
  /** For messages. */
  readonly place: string
  /** Rejects with `state_unavailable`. */
  read(): Promise<PriceTexts>
  /**
   * Replaces the text by what `make` makes of the one in force, which is kept as the previous one. Whoever reads gets the old or the new text as
   * a whole. Resolves with the text that was replaced. Rejects with what `make` throws or with `state_unavailable`, and then nothing has changed.
   */
  replace(make: (current: string | undefined) => string): Promise<string | undefined>
  /** Follows changes, whoever makes them, until the returned function is called. One watcher a store. */
  watch(watcher: PriceWatcher): () => void
  close(): Promise<void>
}
