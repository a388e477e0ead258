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

  /** Closes everything as `closeInTurn` does, what was opened last first. */
  close(): Promise<void> {
    return closeInTurn(
      this.parts
        .splice(0)
        .reverse()
        .map((part) => () => part.close()),
    )
  }
}

/** One end after the other. One that fails keeps no other from being reached; the first failure is then thrown. */
export async function closeInTurn(ends: readonly (() => unknown)[]): Promise<void> {
  const failures: unknown[] = []
  for (const end of ends) {
    try {
      await end()
    } catch (error) {
      failures.push(error)
    }
  }
  if (failures.length > 0) throw failures[0]
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
