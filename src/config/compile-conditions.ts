import { createHash } from 'node:crypto'
import { requestNeeds } from '../ir/need.ts'
import type { DecisionQuestion } from '../ir/question.ts'
import type { RouteCondition } from '../ir/snapshot.ts'
import { matchesPattern } from '../lib/pattern-index.ts'
import type { RouteConfig } from '../routing/route.schema.ts'
import { isSecretHeader, looksSecret } from './secrecy.ts'

type MatchConfig = RouteConfig['match']

/**
 * What a route asks for besides a model name. Headers and metadata may hold anything, so their values are never recorded: decisions keep
 * the condition, in the operator's words, and whether it held.
 */
export function conditionsOf({ headers, metadata, principal, client, features }: MatchConfig): RouteCondition[] {
  const conditions: RouteCondition[] = []
  for (const [name, wanted] of Object.entries(headers ?? {}))
    conditions.push(compare(`header ${name.toLowerCase()}`, wanted, true, ({ header }) => header?.(name.toLowerCase())))
  for (const [name, wanted] of Object.entries(metadata ?? {}))
    conditions.push(compare(`metadata ${name}`, wanted, true, (question) => question.metadata?.(name)))
  if (principal?.key !== undefined) conditions.push(compare('key', principal.key, false, (question) => question.principal?.keyId))
  if (principal?.tenant !== undefined)
    conditions.push(compare('tenant', principal.tenant, false, (question) => question.principal?.tenant))
  if (principal?.project !== undefined)
    conditions.push(compare('project', principal.project, false, (question) => question.principal?.project))
  if (principal?.role !== undefined)
    conditions.push(compare('role', principal.role, false, (question) => question.principal?.role))
  if (client !== undefined) conditions.push(compare('client', client, false, (question) => question.client))
  if (features !== undefined && features.length > 0) {
    conditions.push({
      key: `features ${features.join(',')}`,
      isPrivate: false,
      holds: (question) => {
        const needs = requestNeeds(question)
        return features.every((feature) => needs.has(feature))
      },
    })
  }
  return conditions
}

/** Values that may be secrets stand in records as a hash: enough to tell two conditions apart. */
const shownValues = (what: string, values: string): string =>
  (what.startsWith('header ') && isSecretHeader(what)) || looksSecret(values)
    ? `sha256:${createHash('sha256').update(values).digest('hex').slice(0, 8)}`
    : values

function compare(
  what: string,
  wanted: string | readonly string[],
  isPrivate: boolean,
  valueOf: (question: DecisionQuestion) => string | undefined,
): RouteCondition {
  const patterns = typeof wanted === 'string' ? [wanted] : wanted
  return {
    key: `${what}=${shownValues(what, patterns.join('|'))}`,
    isPrivate,
    holds: (question) => {
      const value = valueOf(question)
      return value !== undefined && patterns.some((pattern) => matchesPattern(pattern, value))
    },
  }
}
