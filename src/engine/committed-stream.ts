import type { AttemptResult } from './attempt-result.ts'
import { pingBytes } from './delivered-stream.ts'
import type { AnswerStream, Call } from './engine.ts'
import { failureBytes } from './failure-stream.ts'

export interface CommittedStreamOptions {
  readonly call: Call
  readonly ping: string
  readonly pingMs: number
  readonly cancel: () => void
  readonly answer: Promise<AnswerStream | Exclude<AttemptResult, { kind: 'stream' }>>
}

const COMMENT = new TextEncoder().encode(': waiting for the upstream\n\n')

/**
 * A stream whose 200 went out before anything came from an upstream, so that proxies keep the line open. Fallback goes on behind
 * it; a final failure is told in-band.
 */
export class CommittedStream implements AnswerStream {
  readonly ping: Uint8Array
  readonly pingMs: number
  readonly cancel: () => void
  private readonly call: Call
  private readonly answer: CommittedStreamOptions['answer']
  private inner: AnswerStream | undefined = undefined
  private state: 'comment' | 'waiting' | 'streaming' | 'over' = 'comment'

  constructor(options: CommittedStreamOptions) {
    this.call = options.call
    this.ping = pingBytes(options.ping)
    this.pingMs = options.pingMs
    this.cancel = options.cancel
    this.answer = options.answer
  }

  take(): Uint8Array | undefined {
    if (this.state !== 'comment') return this.inner?.take?.()
    this.state = 'waiting'
    return COMMENT
  }

  async next(): Promise<Uint8Array | undefined> {
    if (this.state === 'comment') return this.take()
    if (this.state === 'waiting') {
      const answer = await this.answer
      if ('kind' in answer) {
        this.state = 'over'
        return answer.kind === 'failed' ? failureBytes(this.call, answer.error) : undefined
      }
      this.state = 'streaming'
      this.inner = answer
    }
    return this.state === 'over' ? undefined : this.inner?.next()
  }
}
