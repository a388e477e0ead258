import net from 'node:net'

export interface RawAnswer {
  /** 0 when nothing came that looks like an answer. */
  readonly status: number
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** Everything that came. */
  readonly text: string
  /** The gateway closed the connection. */
  readonly closed: boolean
}

export interface RawOptions {
  /** Stop waiting after this time without a further byte. */
  readonly quietMs?: number
}

/** Sends bytes as they are over a connection of their own, piece by piece, and collects what comes back. */
export function sendRaw(
  port: number,
  pieces: readonly (string | Uint8Array)[],
  { quietMs = 400 }: RawOptions = {},
): Promise<RawAnswer> {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1')
    let received = Buffer.alloc(0)
    let timer: NodeJS.Timeout | undefined
    const finish = (closed: boolean): void => {
      clearTimeout(timer)
      socket.destroy()
      resolve(parsed(received.toString('latin1'), closed))
    }
    const wait = (): void => {
      clearTimeout(timer)
      timer = setTimeout(() => finish(false), quietMs)
    }
    socket.on('error', () => {}) // a refused request may end in a reset
    socket.on('close', () => finish(true))
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk as Uint8Array])
      if (isComplete(received.toString('latin1'))) finish(false)
      else wait()
    })
    socket.on('connect', () => {
      for (const piece of pieces) socket.write(piece)
      wait()
    })
  })
}

function isComplete(text: string): boolean {
  const end = text.indexOf('\r\n\r\n')
  const length = /^content-length: *(\d+)\r$/im.exec(text.slice(0, end + 2))?.[1]
  return end !== -1 && length !== undefined && text.length >= end + 4 + Number(length)
}

function parsed(text: string, closed: boolean): RawAnswer {
  const end = text.indexOf('\r\n\r\n')
  const [start = '', ...lines] = text.slice(0, Math.max(0, end)).split('\r\n')
  const headers: Record<string, string> = {}
  for (const line of lines) headers[line.slice(0, line.indexOf(':')).toLowerCase()] = line.slice(line.indexOf(':') + 1).trim()
  return {
    status: Number(/^HTTP\/1\.1 (\d{3})/.exec(start)?.[1] ?? 0),
    headers,
    body: end === -1 ? '' : text.slice(end + 4),
    text,
    closed,
  }
}

/** A proper request as text, with headers of the caller's choice. */
export function rawPost(path: string, body: string, headers: readonly string[] = []): string {
  const all = ['Host: 127.0.0.1', 'Content-Type: application/json', `Content-Length: ${Buffer.byteLength(body)}`, ...headers]
  return `POST ${path} HTTP/1.1\r\n${all.join('\r\n')}\r\n\r\n${body}`
}
