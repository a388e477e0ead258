/** What lists of models tell about one; undefined is unknown. */
export interface ModelCard {
  readonly displayName?: string | undefined
  readonly contextWindow?: number | undefined
  readonly maxOutputTokens?: number | undefined
  /** Unix seconds. */
  readonly createdAt?: number | undefined
  readonly toolCalling?: boolean | undefined
  readonly visionIn?: boolean | undefined
  readonly reasoning?: boolean | undefined
}
