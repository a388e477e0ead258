import type { Clock } from '../../lib/clock.ts'
import type { EndedRequestListener } from '../ended-request.ts'

const SLICES = 30

interface Slice {
  index: number
  requests: number
  fallbacks: number
}

/** How many calls of the last while were not served by their first choice. A ring of slices: old ones are counted over. */
export class FallbackRate {
  private readonly clock: Pick<Clock, 'now'>
  private readonly sliceMs: number
  private readonly slices: Slice[] = Array.from({ length: SLICES }, () => ({ index: -1, requests: 0, fallbacks: 0 }))

  constructor(clock: Pick<Clock, 'now'>, windowMs: number) {
    this.clock = clock
    this.sliceMs = windowMs / SLICES
  }

  readonly count: EndedRequestListener = ({ attempts, status }) => {
    // Nobody's first choice failed where nothing was called, or where the client left.
    if (attempts.length === 0 || status === 499) return
    const slice = this.current()
    slice.requests++
    const [first] = attempts
    if (first?.outcome === 'failed' && attempts.length > 1) slice.fallbacks++
  }

  /** Sums of the window. */
  read(): { readonly requests: number; readonly fallbacks: number } {
    const oldest = this.indexNow() - SLICES + 1
    let requests = 0
    let fallbacks = 0
    for (const slice of this.slices) {
      if (slice.index < oldest) continue
      requests += slice.requests
      fallbacks += slice.fallbacks
    }
    return { requests, fallbacks }
  }

  private current(): Slice {
    const index = this.indexNow()
    const slice = this.slices[index % SLICES]!
    if (slice.index !== index) {
      slice.index = index
      slice.requests = 0
      slice.fallbacks = 0
    }
    return slice
  }

  private indexNow(): number {
    return Math.floor(this.clock.now() / this.sliceMs)
  }
}
