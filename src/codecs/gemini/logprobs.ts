import { isObject, type JsonObject } from '../../ir/json.ts'

/** A token as the canonical form has it: the shape of OpenAI's formats. */
interface TokenLogprob {
  readonly token: string
  readonly logprob: number
  readonly bytes: readonly number[]
  readonly top_logprobs: readonly Omit<TokenLogprob, 'top_logprobs'>[]
}

/** `logprobsResult` of a candidate as a list of tokens; undefined when there is none. */
export function decodeLogprobs(result: unknown): TokenLogprob[] | undefined {
  if (!isObject(result)) return undefined
  const chosen = listOf(result['chosenCandidates'])
  const tops = listOf(result['topCandidates'])
  if (chosen.length === 0) return undefined
  return chosen.map((token, index) => ({ ...tokenOf(token), top_logprobs: listOf(tops[index]?.['candidates']).map(tokenOf) }))
}

/** The same back, for clients of this format; undefined for what is no list of tokens. */
export function encodeLogprobs(tokens: unknown): JsonObject | undefined {
  const list = listOf(tokens)
  if (list.length === 0) return undefined
  return {
    chosenCandidates: list.map(candidateOf),
    topCandidates: list.map((token) => ({ candidates: listOf(token['top_logprobs']).map(candidateOf) })),
  }
}

const listOf = (value: unknown): JsonObject[] => (Array.isArray(value) ? value.filter(isObject) : [])

function tokenOf(candidate: JsonObject): Omit<TokenLogprob, 'top_logprobs'> {
  const token = typeof candidate['token'] === 'string' ? candidate['token'] : ''
  const logprob = typeof candidate['logProbability'] === 'number' ? candidate['logProbability'] : 0
  return { token, logprob, bytes: [...Buffer.from(token)] }
}

const candidateOf = ({ token, logprob }: JsonObject): JsonObject => ({ token, logProbability: logprob })
