import { connect, type Socket } from 'node:net'

/** A TCP connection on which a test writes what no HTTP client would. */
export class RawConnection {
  received = ''
  isClosed = false
  private readonly socket: Socket
  private changed: () => void = () => undefined

  constructor(port: number) {
    this.socket = connect(port, '127.0.0.1')
    this.socket.setEncoding('latin1')
    this.socket.on('data', (text: string) => {
      this.received += text
      this.changed()
    })
    this.socket.on('error', () => undefined)
    this.socket.on('close', () => {
      this.isClosed = true
      this.changed()
    })
  }

  write(text: string): void {
    if (!this.socket.destroyed) this.socket.write(text, 'latin1')
  }

  /** Resolves when the condition holds; rejects after five seconds. */
  async until(condition: () => boolean): Promise<void> {
    const giveUp = AbortSignal.timeout(5_000)
    while (!condition()) {
      await new Promise<void>((resolve, reject) => {
        const fail = (): void => reject(new Error(`nothing more came after ${JSON.stringify(this.received)}`))
        if (giveUp.aborted) return fail()
        giveUp.addEventListener('abort', fail, { once: true })
        this.changed = () => {
          giveUp.removeEventListener('abort', fail)
          resolve()
        }
      })
    }
  }

  closed(): Promise<void> {
    return this.until(() => this.isClosed)
  }

  /** Status codes of the answers so far. */
  get statuses(): number[] {
    return [...this.received.matchAll(/HTTP\/1\.1 (\d{3})/g)].map((match) => Number(match[1]))
  }

  /** Stops reading. */
  pause(): void {
    this.socket.pause()
  }

  destroy(): void {
    this.socket.destroy()
  }
}
