import type { AttemptTimer } from './attempt-timer.ts'

/** An answer that says it is this short comes with its headers, or as good as. */
const SHORT_BYTES = 64 * 1024

/** The text of an answer. One that keeps coming is not silent, however long the whole of it takes: every piece starts the timer anew. */
export async function readText(response: Response, timer: Pick<AttemptTimer, 'began'>): Promise<string> {
  const declared = response.headers.get('content-length')
  if (response.body === null || (declared !== null && Number(declared) <= SHORT_BYTES)) return response.text()
  const reader = response.body.getReader()
  const decoder = new TextDecoder()
  let text = ''
  for (;;) {
    const { value, done } = await reader.read()
    if (done) return text + decoder.decode()
    timer.began()
    text += decoder.decode(value, { stream: true })
  }
}
