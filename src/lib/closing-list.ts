/** Something that holds what has to be let go of. */
export interface Closable {
  close(): unknown
}

/** What was opened, one on top of the other. */
export class ClosingList {
  private readonly parts: Closable[] = []

  /** Puts it on the list, and gives it back. */
  add<Part extends Closable>(part: Part): Part {
    this.parts.push(part)
    return part
  }

  /** For what ends with a function. */
  addEnd(close: () => unknown): void {
    this.parts.push({ close })
  }

  /**
   * Closes everything, what was opened last first and one after the other. One that fails keeps no other from being closed; the first failure is
   * then thrown.
   */
  async close(): Promise<void> {
    const failures: unknown[] = []
    for (let part = this.parts.pop(); part !== undefined; part = this.parts.pop()) {
      try {
        await part.close()
      } catch (error) {
        failures.push(error)
      }
    }
    if (failures.length > 0) throw failures[0]
  }
}

/** What `open` makes of several parts. When it throws, nothing of what it had put onto the list stays open. */
export function openWhole<Whole>(open: (opened: ClosingList) => Whole): Whole {
  const opened = new ClosingList()
  try {
    return open(opened)
  } catch (error) {
    void opened.close().catch(() => undefined) // the first failure is the one to tell
    throw error
  }
}
