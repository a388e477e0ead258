/** One server-sent event as text. `data` holds no line breaks: it is JSON, or a word like `[DONE]`. */
export const sseText = (event: string | undefined, data: string): string =>
  event === undefined ? `data: ${data}\n\n` : `event: ${event}\ndata: ${data}\n\n`

/** Keeps a line open and is no event. */
export const PING_COMMENT = ': ping\n\n'
