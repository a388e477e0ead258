import { isOwned, rememberObjects } from '../answers.ts'
import type { AttemptResult, ClientHeaders, UpstreamAnswer } from '../attempt-result.ts'
import type { GatewayError } from '../../errors/gateway-error.ts'
import type { PreparedAttempt } from '../attempt.ts'
import { AttemptRun } from '../attempt-run.ts'
import { eachBounded } from '../../lib/each-bounded.ts'
import type { UnsentRequest } from '../../transport/transport.ts'
import type { EndpointUse, JoinedReading, WholeAnswerReading, WholeReading } from './endpoint-use.ts'

/** Headers of an upstream's answer that tell what it is. */
const CONTENT_HEADERS = ['content-type', 'content-disposition'] as const

/** Further requests of one attempt under way at once. */
const FURTHER_AT_ONCE = 8

/** An attempt of another endpoint's call: the same limits, times, failures and accounts, with a request and an answer of its own. */
export class EndpointRun extends AttemptRun {
  private further: readonly UnsentRequest[] = []

  protected override prepare(): PreparedAttempt {
    const { request, further = [], refusals = [], diagnostics = [], dropUsageChunk = false } = this.use.prepare(this)
    this.further = further
    // A long body is no silence.
    if (this.use.passing !== undefined) this.use.passing.progress = () => this.timer?.began()
    return { request, refusals, fold: false, dropUsageChunk, diagnostics }
  }

  protected override async answer(prepared: PreparedAttempt, answered: UpstreamAnswer): Promise<AttemptResult> {
    const { response } = answered
    const { affinity } = this.deps
    const owns = (object: string): boolean => isOwned(object, this.call, affinity)
    const reading = this.use.reading(this, response, owns)
    if (reading.kind === 'as-generated') return super.answer(prepared, answered)
    const headers: ClientHeaders = [...answered.headers, ...contentHeaders(response.headers)]
    if (reading.kind !== 'stream') {
      const { headers: own = [], objects = [], ...read } = await this.whole(reading, response)
      rememberObjects(objects, this, affinity)
      return { kind: 'whole', headers: [...headers, ...own], status: response.status, ...read }
    }
    const stream = await this.primed(response.body, reading.transform)
    return { kind: 'stream', headers, status: response.status, stream, facts: reading.transform.facts }
  }

  /** Where there are several requests, the first answer shows that the account may; then the others are sent. */
  private async whole(reading: WholeAnswerReading | JoinedReading, response: Response): Promise<WholeReading> {
    this.isReading = true
    const text = await this.textOf(response)
    this.isReading = false
    if (reading.kind === 'whole') return reading.read(text)
    this.streamed = reading.facts
    reading.take(0, text, response.headers)
    await eachBounded(this.further, FURTHER_AT_ONCE, async (request, index) => {
      this.timer?.began()
      const further = await this.exchange(request)
      this.isReading = true
      reading.take(index + 1, await this.textOf(further), further.headers)
    })
    return reading.join()
  }

  /** What goes wrong on the client's side is not the upstream's fault. */
  protected override toGatewayError(error: unknown): GatewayError {
    return this.use.passing?.failure ?? super.toGatewayError(error)
  }

  private get use(): EndpointUse {
    return this.call.endpoint!
  }
}

function contentHeaders(headers: Headers): [string, string][] {
  return CONTENT_HEADERS.flatMap((name): [string, string][] => {
    const value = headers.get(name)
    return value === null ? [] : [[name, value]]
  })
}
