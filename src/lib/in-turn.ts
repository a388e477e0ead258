/** Does what it is given one after the other, in the order in which it came. Work that fails is told to whoever gave it, and holds nobody up. */
export class InTurn {
  private last: Promise<unknown> = Promise.resolve()

  run<Result>(work: () => Promise<Result>): Promise<Result> {
    const done = this.last.then(work)
    this.last = done.catch(() => undefined)
    return done
  }
}
