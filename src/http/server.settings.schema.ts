import type { MediaSettings } from '../engine/media/media.schema.ts'
import type { ApiKeyId, TenantId } from '../ir/ids.ts'
import type { AllowList, PrincipalRole } from '../ir/principal.ts'
import type { StreamSettings } from '../ir/snapshot.ts'
import type { BudgetConfig, RateLimitsConfig } from '../lib/limit-fields.ts'
import type { Secret } from '../lib/secret.ts'

/** One accepted key: the plain value (`server.api_key`, inline, env) or its SHA-256 in hex. */
export interface ApiKeySettings {
  /** Stable name for records: the configured prefix, or `key_` + 8 hex digits of the hash. */
  readonly id: ApiKeyId
  readonly role: PrincipalRole
  readonly tenant: TenantId | undefined
  readonly project: string | undefined
  readonly owner?: string | undefined
  /** What its tenant is confined to. */
  readonly allowed?: AllowList | undefined
  /** Its own limits, as written. */
  readonly limits?: RateLimitsConfig
  readonly budget?: BudgetConfig
  /** Lower-case hex SHA-256 of the key. */
  readonly sha256: string
}

/** How idempotency keys are kept. */
interface IdempotencySettings {
  readonly leaseMs: number
  readonly ttlMs: number
  readonly maxKeys: number
  /** Answers are kept, encrypted, and given again. */
  readonly keepsAnswers: boolean
}

/** `server.*`, compiled. Times in ms, sizes in bytes. */
export interface ServerSettings {
  readonly host: string
  readonly port: number
  readonly apiKeys: readonly ApiKeySettings[]
  readonly allowOpenAdmin: boolean
  readonly maxRequestBytes: number | undefined
  readonly maxResponseBytes: number | undefined
  readonly maxBufferedBytes: number | undefined
  readonly maxJsonDepth: number
  readonly maxJsonNodes: number
  readonly stream: StreamSettings
  readonly drainMs: number
  /** Processes that serve on the address. */
  readonly workers: number
  /** Whether anything may leave this machine. */
  readonly egressEnabled: boolean
  readonly trustedProxies: readonly string[]
  readonly publicUrl: string | undefined
  /** `''` or `/path` without a trailing slash. */
  readonly basePath: string
  readonly tls: { readonly cert: string; readonly key: Secret } | undefined
  readonly corsOrigins: readonly string[]
  readonly idempotency: IdempotencySettings
  /** Undefined where no media is fetched. */
  readonly media?: MediaSettings | undefined
}
