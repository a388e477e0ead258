import { ERROR_TABLE, type ErrorCode } from '../../errors/codes.ts'
import type { AttemptRecord } from '../../ir/record.ts'
import type { RoutingSnapshot } from '../../ir/snapshot.ts'
import type { Usage } from '../../ir/usage.ts'
import { servingAttempt, type EndedRequest, type EndedRequestListener } from '../ended-request.ts'
import type { Histogram } from './histogram.ts'
import { knownNames } from './known-names.ts'
import { OTHER, type Cell, type CellFamily, type HistogramFamily } from './metric-family.ts'
import type { MetricRegistry } from './registry.ts'

const REQUEST_SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 80, 160, 320, 640]
const FIRST_TOKEN_SECONDS = [0.05, 0.1, 0.2, 0.4, 0.8, 1.5, 3, 6, 12, 25, 50, 100]
const TOKEN_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.02, 0.04, 0.08, 0.15, 0.3, 0.6, 1.2]
const OVERHEAD_SECONDS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1]

interface Families {
  readonly requests: CellFamily
  readonly errors: CellFamily
  readonly duration: HistogramFamily
  readonly overhead: HistogramFamily
  readonly firstToken: HistogramFamily
  readonly token: HistogramFamily
  readonly tokens: CellFamily
  readonly attempts: CellFamily
  readonly attemptDuration: HistogramFamily
  readonly fallbacks: CellFamily
}

function defineFamilies(registry: MetricRegistry): Families {
  return {
    requests: registry.counter({
      name: 'switchback_requests_total',
      help: 'Model calls that have ended, by route, format of the client, and class of the status it saw.',
      labels: ['route', 'format', 'status'],
    }),
    errors: registry.counter({
      name: 'switchback_request_errors_total',
      help: 'Model calls that ended with an error, by class and code of the error table. Errors within a stream count too.',
      labels: ['route', 'class', 'code'],
    }),
    duration: registry.histogram({
      name: 'switchback_request_duration_seconds',
      help: 'Time from the first byte of a request to the last one of its answer.',
      labels: ['route'],
      bounds: REQUEST_SECONDS,
    }),
    overhead: registry.histogram({
      name: 'switchback_gateway_overhead_seconds',
      help: 'Time the gateway itself took before an answer began, without waiting for upstreams.',
      bounds: OVERHEAD_SECONDS,
    }),
    firstToken: registry.histogram({
      name: 'switchback_time_to_first_token_seconds',
      help: 'Time from the first byte of a streamed request to the first piece of its answer, failed attempts included.',
      labels: ['provider', 'target'],
      bounds: FIRST_TOKEN_SECONDS,
    }),
    token: registry.histogram({
      name: 'switchback_time_per_output_token_seconds',
      help: 'Average time between two output tokens of a stream.',
      labels: ['provider', 'target'],
      bounds: TOKEN_SECONDS,
    }),
    tokens: registry.counter({
      name: 'switchback_tokens_total',
      help: 'Tokens of answers. Cache reads and writes are part of input, reasoning is part of output.',
      labels: ['provider', 'target', 'kind'],
    }),
    attempts: registry.counter({
      name: 'switchback_attempts_total',
      help: 'Attempts at targets that have ended, by outcome and class of the error, those included that a limit, a budget or an unknown price kept from being sent.',
      labels: ['provider', 'target', 'outcome', 'class'],
    }),
    attemptDuration: registry.histogram({
      name: 'switchback_attempt_duration_seconds',
      help: 'Time of attempts at targets, whatever came of them.',
      labels: ['provider', 'target'],
      bounds: REQUEST_SECONDS,
    }),
    fallbacks: registry.counter({
      name: 'switchback_fallbacks_total',
      help: 'Attempts that were followed by another one, by the error that caused it and where the call went next.',
      labels: ['provider', 'cause', 'next'],
    }),
  }
}

/** The series of one route, found once. */
interface RouteSeries {
  readonly name: string
  readonly duration: Histogram
  readonly byStatus: Map<string, Cell>
}

/** The series of one target, found once. */
interface TargetSeries {
  readonly provider: string
  readonly target: string
  readonly succeeded: Cell
  readonly attemptDuration: Histogram
  readonly firstToken: Histogram
  readonly token: Histogram
  readonly input: Cell
  readonly output: Cell
}

/** Names and series of one configuration. */
interface SnapshotSeries {
  readonly names: ReturnType<typeof knownNames>
  readonly routes: Map<string, RouteSeries>
  readonly targets: Map<string, TargetSeries>
}

/**
 * Counts requests that have ended. What a request adds to is found by two look-ups; labels are only put together the first time. Names
 * that are not of the configuration share the series `other`, so the number of series has a bound that no caller can move.
 */
export class RequestMetrics {
  private readonly families: Families
  private readonly overhead: Histogram
  private readonly bySnapshot = new WeakMap<RoutingSnapshot, SnapshotSeries>()

  constructor(registry: MetricRegistry) {
    this.families = defineFamilies(registry)
    this.overhead = this.families.overhead.of()
  }

  readonly count: EndedRequestListener = (request) => {
    const series = this.seriesOf(request.snapshot)
    const route = this.routeOf(series, request.plan.route)
    const status = statusClass(request.status)
    const key = `${request.question.clientFormat} ${status}`
    let requests = route.byStatus.get(key)
    if (requests === undefined) {
      requests = this.families.requests.of(route.name, request.question.clientFormat, status)
      route.byStatus.set(key, requests)
    }
    requests.add()
    if (request.errorCode !== undefined)
      this.families.errors.of(route.name, classOf(request.errorCode), codeOf(request.errorCode)).add()
    // Counting tokens is no answer: its times would blur those of calls.
    if (request.operation === 'count-tokens') return
    route.duration.observe(request.totalMs / 1000)
    if (request.attempts.length === 0) return
    this.overhead.observe(request.overheadUs / 1_000_000)
    for (const [index, attempt] of request.attempts.entries()) this.countAttempt(series, attempt, request.attempts[index + 1])
    this.countAnswer(series, request)
  }

  private countAttempt(series: SnapshotSeries, attempt: AttemptRecord, following: AttemptRecord | undefined): void {
    const { outcome, error_code: error, latency_ms: latencyMs } = attempt
    const target = this.targetOf(series, attempt)
    target.attemptDuration.observe(latencyMs / 1000)
    if (outcome === 'success') target.succeeded.add()
    else this.families.attempts.of(target.provider, target.target, outcome, error === undefined ? 'none' : classOf(error)).add()
    if (error !== undefined && following !== undefined)
      this.families.fallbacks.of(target.provider, codeOf(error), wayTo(attempt, following)).add()
  }

  private countAnswer(series: SnapshotSeries, request: EndedRequest): void {
    const served = servingAttempt(request)
    if (served === undefined) return
    const target = this.targetOf(series, served)
    const { firstTokenMs, totalMs, facts } = request
    const usage = facts?.usage
    if (request.question.stream && firstTokenMs !== undefined) {
      target.firstToken.observe(firstTokenMs / 1000)
      const between = (usage?.outputTokens ?? 0) - 1
      if (between > 0) target.token.observe((totalMs - firstTokenMs) / 1000 / between)
    }
    if (usage !== undefined) this.countTokens(target, usage)
  }

  private countTokens(target: TargetSeries, usage: Usage): void {
    const { inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens, reasoningTokens } = usage
    if (inputTokens !== undefined) target.input.add(inputTokens)
    if (outputTokens !== undefined) target.output.add(outputTokens)
    if (cacheReadTokens !== undefined) this.tokensOf(target, 'cache_read').add(cacheReadTokens)
    if (cacheWriteTokens !== undefined) this.tokensOf(target, 'cache_write').add(cacheWriteTokens)
    if (reasoningTokens !== undefined) this.tokensOf(target, 'reasoning').add(reasoningTokens)
  }

  private tokensOf({ provider, target }: TargetSeries, kind: string): Cell {
    return this.families.tokens.of(provider, target, kind)
  }

  private seriesOf(snapshot: RoutingSnapshot): SnapshotSeries {
    let series = this.bySnapshot.get(snapshot)
    if (series === undefined) {
      series = { names: knownNames(snapshot), routes: new Map(), targets: new Map() }
      this.bySnapshot.set(snapshot, series)
    }
    return series
  }

  private routeOf({ names, routes }: SnapshotSeries, route: string): RouteSeries {
    const known = routes.get(route)
    if (known !== undefined) return known
    // Kept under the name of the label: what callers make up is looked up each time and leaves nothing behind.
    const name = names.route(route)
    return routes.get(name) ?? keep(routes, name, { name, duration: this.families.duration.of(name), byStatus: new Map() })
  }

  private targetOf({ names, targets }: SnapshotSeries, attempt: AttemptRecord): TargetSeries {
    const known = targets.get(attempt.target_id)
    if (known !== undefined) return known
    const provider = names.provider(attempt.provider_id)
    const target = names.target(attempt.target_id)
    const key = target === OTHER ? `${provider} ${OTHER}` : target
    return targets.get(key) ?? keep(targets, key, this.defineTarget(provider, target))
  }

  private defineTarget(provider: string, target: string): TargetSeries {
    const { attempts, attemptDuration, firstToken, token, tokens } = this.families
    return {
      provider,
      target,
      succeeded: attempts.of(provider, target, 'success', 'none'),
      attemptDuration: attemptDuration.of(provider, target),
      firstToken: firstToken.of(provider, target),
      token: token.of(provider, target),
      input: tokens.of(provider, target, 'input'),
      output: tokens.of(provider, target, 'output'),
    }
  }
}

function keep<Value>(map: Map<string, Value>, key: string, value: Value): Value {
  map.set(key, value)
  return value
}

/** Where a call really went after a failure; what the table of errors wanted may not have been possible. */
function wayTo(failed: AttemptRecord, following: AttemptRecord): string {
  if (failed.target_id !== following.target_id) return 'next-target'
  return failed.account_id === following.account_id ? 'retry' : 'next-account'
}

/** A client that went away is neither served nor refused. */
function statusClass(status: number): string {
  if (status === 499) return 'cancelled'
  return status >= 200 && status < 600 ? `${Math.floor(status / 100)}xx` : OTHER
}

const isCode = (code: string): code is ErrorCode => Object.hasOwn(ERROR_TABLE, code)

const codeOf = (code: string): string => (isCode(code) ? code : OTHER)

const classOf = (code: string): string => (isCode(code) ? ERROR_TABLE[code].category : OTHER)
