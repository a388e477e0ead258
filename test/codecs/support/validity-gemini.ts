import { isObject } from '../../../src/ir/json.ts'
import { duplicates, innerOf, list, type Json } from './validity-parts.ts'

/** What Google's API refuses. */
export function gemini(body: Json): string[] {
  const contents = list(body['contents'])
  const problems = contents.length === 0 ? ['there is no content'] : []
  let calls: Json[] = []
  let previous: unknown
  for (const [index, content] of contents.entries()) {
    const at = `contents[${index}]`
    const role = content['role']
    const parts = list(content['parts'])
    if (role !== 'user' && role !== 'model') problems.push(`${at} has role ${String(role)}`)
    if (parts.length === 0) problems.push(`${at} is empty`)
    const results = parts.filter((part) => part['functionResponse'] !== undefined)
    problems.push(...answeredParts(calls, results, at))
    calls = parts.filter((part) => part['functionCall'] !== undefined)
    if (calls.length > 0 && (role !== 'model' || previous !== 'user'))
      problems.push(`${at} has calls that follow no turn of the user`)
    problems.push(...calls.flatMap((part) => geminiCall(part['functionCall'], at)))
    previous = role
  }
  if (calls.length > 0) problems.push(`${calls.length} calls got no result`)
  return [...problems, ...unsigned(contents), ...geminiTools(body), ...geminiConfig(body['generationConfig'])]
}

/** As many results as there were calls, each with the name and the id of one. */
function answeredParts(calls: readonly Json[], results: readonly Json[], at: string): string[] {
  if (calls.length !== results.length) return [`${at} answers ${calls.length} calls ${results.length} times`]
  const key = (inner: Json): string => `${String(inner['id'])} ${String(inner['name'])}`
  const made = calls.map((part) => key(innerOf(part, 'functionCall'))).sort()
  const told = results.map((part) => key(innerOf(part, 'functionResponse'))).sort()
  return made.join() === told.join() ? [] : [`${at} answers ${told.join()} instead of ${made.join()}`]
}

const FUNCTION_NAME = /^[A-Za-z_][A-Za-z0-9_.:-]{0,127}$/

function geminiCall(call: unknown, at: string): string[] {
  if (!isObject(call) || !FUNCTION_NAME.test(String(call['name']))) return [`${at} calls a function of an impossible name`]
  return isObject(call['args']) ? [] : [`${at} has arguments that are no object`]
}

/** The newest models want a signature at the first call of each step since the user last said something. */
function unsigned(contents: readonly Json[]): string[] {
  const holdsResult = (content: Json): boolean => list(content['parts']).some((part) => part['functionResponse'] !== undefined)
  const start = contents.findLastIndex((content) => content['role'] === 'user' && !holdsResult(content))
  return contents.slice(start + 1).flatMap((content) => {
    const call = list(content['parts']).find((part) => part['functionCall'] !== undefined)
    return call !== undefined && call['thoughtSignature'] === undefined ? ['a call of the present turn has no signature'] : []
  })
}

function geminiTools(body: Json): string[] {
  const declared = list(body['tools']).flatMap((tool) => list(tool['functionDeclarations']))
  const names = declared.map((tool) => String(tool['name']))
  const problems = body['tools'] !== undefined && list(body['tools']).length === 0 ? ['the list of tools is empty'] : []
  if (duplicates(names)) problems.push('two functions have one name')
  for (const name of names) if (!FUNCTION_NAME.test(name)) problems.push(`a function is called ${JSON.stringify(name)}`)
  for (const tool of declared)
    if (tool['parameters'] !== undefined && tool['parametersJsonSchema'] !== undefined)
      problems.push('a function has two schemas')
  const calling = innerOf(innerOf(body, 'toolConfig'), 'functionCallingConfig')
  const allowed = calling['allowedFunctionNames']
  if (Array.isArray(allowed) && allowed.some((name) => !names.includes(String(name))))
    problems.push('a function is allowed that is not there')
  if (calling['mode'] === 'ANY' && names.length === 0) problems.push('a call is forced where there is no function')
  if (Array.isArray(allowed) && calling['mode'] !== 'ANY' && calling['mode'] !== 'VALIDATED')
    problems.push('functions are allowed in no mode')
  return problems
}

function geminiConfig(config: unknown): string[] {
  if (!isObject(config)) return []
  const problems: string[] = []
  const thinking = innerOf(config, 'thinkingConfig')
  if (thinking['thinkingBudget'] !== undefined && thinking['thinkingLevel'] !== undefined)
    problems.push('a budget and a level of thinking are given')
  if (Array.isArray(config['stopSequences']) && config['stopSequences'].length > 5)
    problems.push('there are too many stop sequences')
  const hasSchema = config['responseSchema'] !== undefined || config['responseJsonSchema'] !== undefined
  if (hasSchema && config['responseMimeType'] !== 'application/json')
    problems.push('a schema is given for an answer that is no JSON')
  return problems
}
