import { GatewayError } from '../../errors/gateway-error.ts'
import type { Answer, AnswerStream } from '../engine.ts'
import { ForwardedStream } from '../forwarded-stream.ts'
import type { AttemptLedger } from './attempt-ledger.ts'

type Keeping = Pick<AttemptLedger, 'durable' | 'postCommitFailed'>

/** Why no call may begin: what it costs has to be kept, and nothing can be kept. */
export function keepingRefusal(ledger: Pick<AttemptLedger, 'required' | 'isKeeping'> | undefined): GatewayError | undefined {
  if (ledger === undefined || !ledger.required || ledger.isKeeping) return undefined
  return new GatewayError(
    'usage_store_unavailable',
    'What calls cost can be written neither to the ledger nor to its local file, and ledger.required asks for that. Check the disk and the database of the gateway.',
  )
}

/** The answer once what it cost is kept. Of a stream only the end waits: what had been sent cannot be taken back. */
export async function keptAnswer(answering: Promise<Answer>, ledger: Keeping): Promise<Answer> {
  const answer = await answering
  if (answer.kind === 'stream') return { ...answer, stream: new KeptStream(answer.stream, ledger) }
  try {
    await ledger.durable()
    return answer
  } catch (error) {
    if (answer.kind === 'error' || !(error instanceof GatewayError)) return answer
    return { kind: 'error', error, headers: answer.headers }
  }
}

class KeptStream extends ForwardedStream {
  private readonly ledger: Keeping

  constructor(stream: AnswerStream, ledger: Keeping) {
    super(stream)
    this.ledger = ledger
  }

  protected async ended(): Promise<void> {
    await this.ledger.durable().catch(() => this.ledger.postCommitFailed())
  }
}
