/** One kind of request, ready to be sent many times. */
export interface Shot {
  readonly url: string
  readonly headers: Record<string, string>
  readonly body: string | Uint8Array
  /** Throws when the answer is not what it has to be. */
  readonly verify: (answer: string) => void
}

/** Sends `count` requests, `concurrency` at a time, and reads every answer to its end. The first and the last are verified. */
export async function fire(shot: Shot, count: number, concurrency: number): Promise<void> {
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < count) {
      const index = next++
      const response = await fetch(shot.url, { method: 'POST', headers: shot.headers, body: shot.body as BodyInit })
      const answer = await response.text()
      if (index === 0 || index === count - 1 || response.status !== 200) shot.verify(`${response.status} ${answer}`)
    }
  }
  await Promise.all(Array.from({ length: concurrency }, worker))
}
