import { describe } from 'bun:test'
import { postgresMissing } from './postgres-server.ts'
import { redisMissing } from './redis-server.ts'

const MISSING = { postgres: postgresMissing, redis: redisMissing } as const

/** As `describe`, for tests that need servers; where those are not installed it says so and skips them. */
export function describeWithServers(servers: readonly (keyof typeof MISSING)[], name: string, body: () => void): void {
  const reasons = servers.map((server) => MISSING[server]()).filter((reason) => reason !== undefined)
  if (reasons.length > 0) console.error(`skipped: ${name}: ${reasons.join('; ')}`)
  describe.skipIf(reasons.length > 0)(name, body)
}
