import { z } from 'zod'
import { describeIssue, type IssueContext } from '../config/describe-issue.ts'
import { formatPath, formatProblem, type ConfigNote, type ConfigProblem } from '../config/problem.ts'
import { parseYaml } from '../config/yaml-document.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import { plural } from './story-words.ts'
import { policyFileSchema, type PolicyTest } from './policy.schema.ts'

/** A policy test and where it stands. */
export interface PlacedTest {
  readonly test: PolicyTest
  /** Line of the file, from 1. */
  readonly line: number
}

/** A file of policy tests, read and checked. */
export interface PolicyFile {
  /** As it was named. */
  readonly path: string
  readonly tests: readonly PlacedTest[]
}

/** Larger files are no tests; parsing them could fill the memory. */
const MAX_BYTES = 4 * 1024 * 1024

/** Reads a file of policy tests (YAML or JSON). Throws `config_invalid` that lists every problem with its line. */
export function parsePolicyFile(text: string, path: string): PolicyFile {
  if (text.length > MAX_BYTES)
    throw refusal(path, [
      problem(path, { path: [], message: 'The file is larger than 4 MiB. Split it, or check that it is the right one.' }),
    ])
  const yaml = parseYaml(text)
  const syntax = yaml.problems.map(({ message, line, column }) => ({ ...problem(path, { path: [], message }), line, column }))
  if (syntax.length > 0) throw refusal(path, syntax)
  const placed = (note: ConfigNote): ConfigProblem => ({ ...problem(path, note), ...yaml.locate(note.path, note.atKey) })
  const parsed = policyFileSchema.safeParse(yaml.value ?? {})
  if (!parsed.success) {
    const context: IssueContext = { document: yaml.value ?? {}, schema: z.toJSONSchema(policyFileSchema, { io: 'input' }) }
    throw refusal(path, parsed.error.issues.flatMap((issue) => describeIssue(issue, [], context)).map(placed))
  }
  const repeated = parsed.data.tests.flatMap(({ name }, index) =>
    parsed.data.tests.findIndex((other) => other.name === name) === index
      ? []
      : [placed({ path: ['tests', index, 'name'], message: 'Another test has the same name. Give each its own.' })],
  )
  if (repeated.length > 0) throw refusal(path, repeated)
  return { path, tests: parsed.data.tests.map((test, index) => ({ test, line: yaml.locate(['tests', index]).line })) }
}

const problem = (file: string, { path, message, expected, found, suggestion }: ConfigNote): ConfigProblem => ({
  file,
  line: undefined,
  column: undefined,
  path: formatPath(path),
  message,
  expected,
  found,
  suggestion,
})

function refusal(path: string, problems: readonly ConfigProblem[]): GatewayError {
  const lines = problems.map((each) => `  ${formatProblem(each)}`)
  return new GatewayError('config_invalid', `${plural(problems.length, 'problem')} in ${path}:\n${lines.join('\n')}`, {
    details: { problems },
  })
}
