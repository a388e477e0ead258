import { alertKey, type Condition, type Notice } from './alert.ts'
import type { AlertRule } from './alerts.schema.ts'

export interface AlertBookOptions {
  /** How long a condition must last before it is told, by rule. */
  readonly holdMs: (rule: AlertRule) => number
  /** After how long one that lasts is told again; undefined for never. */
  readonly repeatMs: number | undefined
}

/** A condition as the book keeps it. */
interface Entry {
  condition: Condition
  readonly startedAt: number
  lastSeenAt: number
  /** Undefined until somebody was told. */
  toldAt: number | undefined
}

/** An alert that somebody was told of and that is not over. */
export interface ActiveAlert {
  readonly condition: Condition
  readonly startedAt: number
}

/** A condition that comes and goes is one alert: it is over when it was gone for this long. */
const SETTLE_MS = 30_000
/** Conditions kept at a time; beyond, new ones wait until others are over. */
const MOST_KEPT = 500

/**
 * What is wrong, from one look to the next. Says what is new, what lasts for so long that it is said again, and what is over; everything
 * else it keeps to itself.
 */
export class AlertBook {
  private options: AlertBookOptions
  private readonly entries = new Map<string, Entry>()

  constructor(options: AlertBookOptions) {
    this.options = options
  }

  /** Goes by other settings from now on; what is wrong, and who was told, stays. */
  configure(options: AlertBookOptions): void {
    this.options = options
  }

  /** Takes what is wrong now and returns what somebody has to be told. `now` is Unix milliseconds. */
  update(conditions: readonly Condition[], now: number): Notice[] {
    for (const condition of conditions) this.see(condition, now)
    const notices: Notice[] = []
    for (const [key, entry] of this.entries) {
      const notice = this.noticeOf(entry, now)
      if (notice !== undefined) notices.push(notice)
      if (now - entry.lastSeenAt >= SETTLE_MS || (entry.toldAt === undefined && entry.lastSeenAt < now)) this.entries.delete(key)
    }
    return notices
  }

  /** Alerts that somebody was told of, oldest first. */
  get active(): readonly ActiveAlert[] {
    return [...this.entries.values()].filter(({ toldAt }) => toldAt !== undefined)
  }

  private see(condition: Condition, now: number): void {
    const key = alertKey(condition)
    const entry = this.entries.get(key)
    if (entry !== undefined) {
      entry.condition = condition
      entry.lastSeenAt = now
    } else if (this.entries.size < MOST_KEPT)
      this.entries.set(key, { condition, startedAt: now, lastSeenAt: now, toldAt: undefined })
  }

  private noticeOf(entry: Entry, now: number): Notice | undefined {
    const { condition, startedAt, lastSeenAt, toldAt } = entry
    const { rule, subject, severity, summary, recovery, facts } = condition
    const notice = { rule, subject, severity, facts, startedAt, at: now }
    if (toldAt !== undefined && now - lastSeenAt >= SETTLE_MS) return { ...notice, state: 'resolved', summary: recovery }
    if (lastSeenAt < now) return undefined
    const { holdMs, repeatMs } = this.options
    const isDue = toldAt === undefined ? now - startedAt >= holdMs(rule) : repeatMs !== undefined && now - toldAt >= repeatMs
    if (!isDue) return undefined
    entry.toldAt = now
    return { ...notice, state: 'firing', summary }
  }
}
