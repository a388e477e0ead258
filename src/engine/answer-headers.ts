import type { RoutePlan } from '../ir/decision.ts'
import type { RoutingSnapshot } from '../ir/snapshot.ts'
import type { Diagnostic } from '../ir/diagnostic.ts'

const MAX_ROUTE_HEADER = 1024

export interface HeaderFacts {
  readonly requestId: string
  readonly snapshot: RoutingSnapshot
  readonly plan: RoutePlan | undefined
  readonly served: string | undefined
  readonly overheadUs: number
  readonly diagnostics: readonly Diagnostic[]
  /** Time spent waiting for a place, in ms. */
  readonly queuedMs?: number | undefined
}

/** The `x-switchback-*` headers of an answer, errors included. */
export function answerHeaders(facts: HeaderFacts): [string, string][] {
  const headers: [string, string][] = [
    ['x-switchback-request-id', facts.requestId],
    ['x-switchback-revision', String(facts.snapshot.revision)],
    ['x-switchback-overhead-us', String(Math.round(facts.overheadUs))],
  ]
  if (facts.plan !== undefined) headers.push(['x-switchback-route', routeSummary(facts.plan, facts.served)])
  if (facts.queuedMs !== undefined && facts.queuedMs > 0)
    headers.push(['x-switchback-queue-ms', String(Math.ceil(facts.queuedMs))])
  const lost = lostFeatures(facts.diagnostics)
  if (lost !== '') headers.push(['x-switchback-lost', lost])
  return headers
}

/** `strategy=… selected=<planned> served=<target> fallbacks=[…] rejected=<n>`, at most 1 KiB of visible ASCII. */
function routeSummary(plan: RoutePlan, served: string | undefined): string {
  const [selected, ...fallbacks] = plan.targets
  const names = fallbacks.length === 0 ? '' : fallbacks.map((target) => target.id).join(',')
  const text = `strategy=${plan.strategy} selected=${selected?.id ?? 'none'} served=${served ?? 'none'} fallbacks=[${names}] rejected=${plan.rejectedCount ?? plan.rejected.length}`
  return headerValue(text, MAX_ROUTE_HEADER)
}

/** Names of what translation lost, once each. */
function lostFeatures(diagnostics: readonly Diagnostic[]): string {
  if (diagnostics.length === 0) return ''
  const codes = new Set<string>()
  for (const diagnostic of diagnostics) if (diagnostic.severity === 'lost') codes.add(diagnostic.code)
  return headerValue([...codes].join(','), 512)
}

/** Model names come from clients and may hold anything; headers take visible ASCII only. */
function headerValue(text: string, limit: number): string {
  const visible = /^[\x20-\x7e]*$/.test(text) ? text : encodeURI(text.toWellFormed()).replaceAll(/[^\x20-\x7e]/g, '?')
  return visible.length <= limit ? visible : `${visible.slice(0, limit - 1)}~`
}
