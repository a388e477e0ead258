import { ERROR_TABLE, type ErrorCode } from '../errors/codes.ts'
import { asAccountId, asProviderId, type AccountId, type ProviderId } from '../ir/ids.ts'

/** What happened to the locks of an account in one replica, for the others. Spans of time, because each replica has a clock of its own. */
export type AccountChange = { readonly provider: ProviderId; readonly account: AccountId } & (
  | {
      readonly kind: 'locked'
      /** Undefined when the whole account is locked. */
      readonly model?: string | undefined
      readonly code: ErrorCode
      readonly forMs: number
      readonly level: number
      readonly learned: boolean
    }
  /** A call that began so long ago has worked. */
  | { readonly kind: 'cleared'; readonly model: string; readonly startedMsAgo: number }
  | { readonly kind: 'reset' }
)

/** Reads a change that another replica, perhaps of another release, has announced; undefined when it cannot be understood. */
export function readAccountChange(value: Readonly<Record<string, unknown>>): AccountChange | undefined {
  const { kind, provider, account, model, code, forMs, level, learned, startedMsAgo } = value
  if (typeof provider !== 'string' || typeof account !== 'string') return undefined
  const subject = { provider: asProviderId(provider), account: asAccountId(account) }
  if (kind === 'reset') return { ...subject, kind }
  if (kind === 'cleared')
    return typeof model === 'string' && isSpan(startedMsAgo) ? { ...subject, kind, model, startedMsAgo } : undefined
  if (kind !== 'locked' || !isCode(code) || !isSpan(forMs) || (model !== undefined && typeof model !== 'string')) return undefined
  return { ...subject, kind, model, code, forMs, level: isSpan(level) ? level : 0, learned: learned === true }
}

const isSpan = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value) && value >= 0

const isCode = (value: unknown): value is ErrorCode => typeof value === 'string' && Object.hasOwn(ERROR_TABLE, value)
