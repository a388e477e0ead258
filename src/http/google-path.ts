/** Methods of a model that are served under the addresses of Google's API. */
const METHODS = ['generateContent', 'streamGenerateContent', 'countTokens', 'embedContent', 'batchEmbedContents'] as const
export type GoogleMethod = (typeof METHODS)[number]

const MODEL_METHOD = /\/models\/[^/].*:(\w+)$/

export const isGoogleMethod = (word: string): word is GoogleMethod => (METHODS as readonly string[]).includes(word)

/** The method of a model that a path calls, served or not; undefined when it calls none. */
export const methodOfPath = (path: string): string | undefined => MODEL_METHOD.exec(path)?.[1]
