import { readFileSync } from 'node:fs'

const LOOK_EVERY_MS = 50

/** A moment, and for how long until then the process had wanted to run and was not let. Milliseconds. */
interface Sample {
  readonly at: number
  readonly waitedMs: number
}

/**
 * For how long a process was kept from running, from the outside: what the system says that it has waited for a processor, and how late this
 * process itself was to look. On a busy machine a promise about time can only be held for the time that a process is given.
 */
export class Stalls {
  private readonly samples: Sample[] = []
  private readonly pid: number
  private lateMs = 0
  private timer: ReturnType<typeof setInterval> | undefined

  constructor(pid: number) {
    this.pid = pid
    this.look()
    this.timer = setInterval(() => this.look(), LOOK_EVERY_MS)
  }

  /** Looks a last time. */
  end(): void {
    if (this.timer === undefined) return
    clearInterval(this.timer)
    this.timer = undefined
    this.look()
  }

  /** Milliseconds from a moment (Unix ms) to the end that the process could not use; rather too many than too few. */
  since(from: number): number {
    const before = this.samples.findLast(({ at }) => at <= from) ?? this.samples[0]
    return (this.samples.at(-1)?.waitedMs ?? 0) - (before?.waitedMs ?? 0)
  }

  private look(): void {
    const at = Date.now()
    this.lateMs += Math.max(0, at - (this.samples.at(-1)?.at ?? at) - LOOK_EVERY_MS)
    this.samples.push({ at, waitedMs: this.lateMs + runDelayMs(this.pid) })
  }
}

/** How long the main thread of a process has waited for a processor; 0 where the system does not tell, or there is no such process. */
function runDelayMs(pid: number): number {
  try {
    return Number(readFileSync(`/proc/${pid}/task/${pid}/schedstat`, 'utf8').split(' ')[1]) / 1e6
  } catch {
    return 0
  }
}
