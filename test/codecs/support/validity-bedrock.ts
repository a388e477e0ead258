import { isObject } from '../../../src/ir/json.ts'
import { duplicates, innerOf, list, NAME, type Json } from './validity-parts.ts'

/** What Bedrock's Converse refuses. */
export function bedrock(body: Json): string[] {
  const messages = list(body['messages'])
  const problems = messages.length === 0 ? ['there is no message'] : []
  if (messages[0]?.['role'] !== 'user') problems.push('the first turn is not the user')
  const names = list(innerOf(body, 'toolConfig')['tools']).flatMap(({ toolSpec }) =>
    isObject(toolSpec) ? [String(toolSpec['name'])] : [],
  )
  const all: string[] = []
  let open: string[] = []
  let previous: unknown
  for (const [index, message] of messages.entries()) {
    const at = `messages[${index}]`
    if (message['role'] === previous) problems.push(`${at} is a second turn of the same role`)
    previous = message['role']
    const blocks = list(message['content'])
    if (blocks.length === 0) problems.push(`${at} is empty`)
    for (const { text } of blocks) if (typeof text === 'string' && text.trim() === '') problems.push(`${at} has a blank text`)
    const results = blocks.map((block) => innerOf(block, 'toolResult')).filter((result) => result['toolUseId'] !== undefined)
    for (const result of results) if (list(result['content']).length === 0) problems.push(`${at} has a result without content`)
    const told = results.map((result) => String(result['toolUseId']))
    if ([...told].sort().join() !== [...open].sort().join())
      problems.push(`${at} answers ${told.join()} instead of ${open.join()}`)
    const calls = blocks.map((block) => innerOf(block, 'toolUse')).filter((call) => call['toolUseId'] !== undefined)
    for (const { name, input } of calls) {
      if (!NAME.test(String(name))) problems.push(`${at} calls a tool of an impossible name`)
      if (!isObject(input)) problems.push(`${at} has input that is no object`)
    }
    open = calls.map(({ toolUseId }) => String(toolUseId))
    for (const id of open) if (!/^[a-zA-Z0-9_-]{1,64}$/.test(id)) problems.push(`${at} has a call with id ${JSON.stringify(id)}`)
    if (open.some((id) => all.includes(id)) || duplicates(open)) problems.push(`${at} uses an id twice`)
    all.push(...open)
    if (open.length > 0 && message['role'] !== 'assistant') problems.push(`${at} lets the user call tools`)
  }
  if (open.length > 0) problems.push(`${open.join()} got no result`)
  if (duplicates(names)) problems.push('two tools have one name')
  for (const name of names) if (!NAME.test(name)) problems.push(`a tool is called ${JSON.stringify(name)}`)
  return [...problems, ...bedrockRules(body, names)]
}

function bedrockRules(body: Json, names: readonly string[]): string[] {
  const problems: string[] = []
  const { tools, toolChoice } = innerOf(body, 'toolConfig')
  if (body['toolConfig'] !== undefined && list(tools).length === 0) problems.push('the list of tools is empty')
  const chosen = isObject(toolChoice) ? innerOf(toolChoice, 'tool')['name'] : undefined
  if (typeof chosen === 'string' && !names.includes(chosen)) problems.push('the chosen tool is not offered')
  const points = JSON.stringify(body).match(/"cachePoint":/g)?.length ?? 0
  if (points > 4) problems.push(`there are ${points} cache points`)
  const documents = JSON.stringify(body).match(/"document":\{/g)?.length ?? 0
  const documentNames = new Set(JSON.stringify(body).match(/"name":"[^"]*"/g))
  if (documents > 0 && documentNames.size === 0) problems.push('a document has no name')
  const thinking = innerOf(innerOf(body, 'additionalModelRequestFields'), 'thinking')
  if (thinking['type'] === 'enabled') {
    const limit = Number(innerOf(body, 'inferenceConfig')['maxTokens'])
    const budget = Number(thinking['budget_tokens'])
    if (!(budget >= 1024 && budget < limit)) problems.push(`a budget of ${budget} does not fit into ${limit}`)
  }
  return problems
}
