import type { Socket } from 'node:net'

/** Reads the few bytes of a handshake from a socket. A wait rejects when the socket fails or ends first. */
export class SocketReader {
  private readonly socket: Socket
  private held: Buffer = Buffer.alloc(0)
  private failed: Error | undefined = undefined
  private look: () => void = () => undefined

  constructor(socket: Socket) {
    this.socket = socket
    socket.on('data', this.take).on('error', this.fail).on('close', this.close)
  }

  /** Exactly so many bytes. */
  exactly(count: number): Promise<Buffer> {
    return this.until(() => (this.held.length >= count ? count : undefined))
  }

  /** Up to and with the first blank line; rejects when there is none within `limit` bytes. */
  head(limit: number): Promise<Buffer> {
    return this.until(() => {
      const end = this.held.indexOf('\r\n\r\n')
      if (end === -1 && this.held.length > limit) this.failed = new Error('the answer has no end')
      return end === -1 ? undefined : end + 4
    })
  }

  /** Leaves the socket to the next reader. False when the other side has sent more than it was asked for, which is then lost. */
  release(): boolean {
    this.socket.off('data', this.take).off('error', this.fail).off('close', this.close)
    return this.held.length === 0
  }

  private until(lengthOf: () => number | undefined): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      this.look = () => {
        const length = lengthOf()
        if (length === undefined) {
          if (this.failed !== undefined) reject(this.failed)
          return
        }
        const found = this.held.subarray(0, length)
        this.held = this.held.subarray(length)
        this.look = () => undefined
        resolve(found)
      }
      this.look()
    })
  }

  private readonly take = (chunk: Buffer): void => {
    this.held = Buffer.concat([this.held, chunk])
    this.look()
  }

  private readonly fail = (error: Error): void => {
    this.failed ??= error
    this.look()
  }

  private readonly close = (): void => this.fail(Object.assign(new Error('closed'), { code: 'ECONNRESET' }))
}
