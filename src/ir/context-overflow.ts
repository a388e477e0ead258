/** A prompt that does not fit, in tokens. Upstreams tell some of the numbers, routing estimates them; unknown is undefined. */
export interface ContextOverflow {
  readonly promptTokens?: number | undefined
  /** What the request reserves for the answer. */
  readonly outputTokens?: number | undefined
  /** What the model takes, prompt and answer together. */
  readonly windowTokens?: number | undefined
}
