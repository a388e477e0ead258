import type { GatewayError } from '../errors/gateway-error.ts'
import type { Clock } from '../lib/clock.ts'
import type { AuditStore } from '../operations/list-audit.ts'

export interface RefusalAuditOptions {
  readonly audit: Pick<AuditStore, 'append'>
  readonly clock: Clock
  readonly warn: (message: string) => void
}

/** Equal refusals that come within this time of the first are one more entry, with their number. */
const WINDOW_MS = 60_000
/** Sources told apart at a time; the refusals of all others are counted together. Bounds memory, and what strangers can write to the disk. */
const MOST_SOURCES = 100

interface Counted {
  readonly address: string | undefined
  readonly errorCode: string
  readonly keyId: string | undefined
  times: number
}

/**
 * Writes refused callers to the audit: the first of its kind from a source at once, what follows within a minute as one entry with a number.
 * However many come, and from however many addresses, there are at most a few hundred entries a minute.
 */
export class RefusalAudit {
  private readonly options: RefusalAuditOptions
  private readonly counted = new Map<string, Counted>()
  private stopTimer: (() => void) | undefined = undefined
  private isFailing = false

  constructor(options: RefusalAuditOptions) {
    this.options = options
  }

  note(error: GatewayError, address: string | undefined): void {
    const keyId = error.details?.['key_id']
    const source = networkOf(address)
    const own = { address, errorCode: error.code, keyId: typeof keyId === 'string' ? keyId : undefined }
    const known = this.counted.get(nameOf({ ...own, address: source }))
    if (known !== undefined) {
      known.times++
      return
    }
    this.stopTimer ??= this.options.clock.every(WINDOW_MS, () => this.flush())
    if (this.counted.size < MOST_SOURCES) {
      this.counted.set(nameOf({ ...own, address: source }), { ...own, times: 0 })
      this.write({ ...own, times: 1 })
      return
    }
    const others = { address: undefined, errorCode: error.code, keyId: undefined }
    const together = this.counted.get(`others ${error.code}`)
    if (together === undefined) this.counted.set(`others ${error.code}`, { ...others, times: 1 })
    else together.times++
  }

  /** Writes what has been counted, and begins afresh. */
  flush(): void {
    this.stopTimer?.()
    this.stopTimer = undefined
    const counted = [...this.counted.values()]
    this.counted.clear()
    for (const each of counted) if (each.times > 0) this.write(each)
  }

  private write({ address, errorCode, keyId, times }: Counted): void {
    const { audit, clock } = this.options
    audit
      .append({
        at: Math.floor(clock.wall()),
        action: 'authentication',
        outcome: 'refused',
        actor: { kind: 'stranger' },
        source: { via: 'http', address },
        subject: keyId === undefined ? undefined : { kind: 'key', id: keyId },
        errorCode,
        times: times === 1 ? undefined : times,
      })
      .then(() => (this.isFailing = false))
      .catch(() => {
        // Nobody gets in because of it, so serving goes on; it is told once.
        if (!this.isFailing) this.options.warn('refused callers cannot be written to the audit')
        this.isFailing = true
      })
  }
}

const nameOf = ({ address, errorCode, keyId }: Pick<Counted, 'address' | 'errorCode' | 'keyId'>): string =>
  `${address ?? ''} ${errorCode} ${keyId ?? ''}`

/** A host with IPv6 has 2^64 addresses, so it is told apart by its network. */
const networkOf = (address: string | undefined): string | undefined =>
  address?.includes(':') === true && !address.includes('.') ? address.split(':').slice(0, 4).join(':') : address
