import type { CliContext } from './cli-context.ts'

const WIDTH = 30

/** A bar on stderr that is drawn over itself; nothing where nobody looks. */
export class ProgressBar {
  private readonly context: Pick<CliContext, 'stderr' | 'terminal'>
  private readonly total: number
  private drawn = 0

  constructor(context: Pick<CliContext, 'stderr' | 'terminal'>, total: number) {
    this.context = context
    this.total = total
  }

  /** `done` of all are done, and `label` is next. */
  readonly show = (done: number, label: string): void => {
    if (this.context.terminal === undefined) return
    const filled = Math.floor((done / Math.max(1, this.total)) * WIDTH)
    const line = `[${'#'.repeat(filled)}${'.'.repeat(WIDTH - filled)}] ${done}/${this.total} ${label}`
    this.context.stderr(`\r${line.padEnd(this.drawn)}`)
    this.drawn = line.length
  }

  /** Takes the bar away. */
  end(): void {
    if (this.drawn > 0) this.context.stderr(`\r${' '.repeat(this.drawn)}\r`)
    this.drawn = 0
  }
}
