import type { LoadResult } from '../../config/load.ts'
import { formatProblem } from '../../config/problem.ts'
import { describeConfigSource } from '../describe-config-source.ts'
import { plural } from '../story-words.ts'
import { failure, fine, warning, type Finding } from './finding.ts'

/** Every problem and warning of the configuration, or what it configures. */
export function checkConfiguration(loaded: LoadResult): Finding[] {
  const warnings = loaded.warnings.map((problem) => warning('configuration', formatProblem(problem)))
  if (!loaded.ok) return [...loaded.problems.map((problem) => failure('configuration', formatProblem(problem))), ...warnings]
  const { providers, routing } = loaded.compiled
  const size = `${plural(providers.length, 'provider')}, ${plural(routing.modelIds.length, 'model')}`
  return [fine('configuration', `${describeConfigSource(loaded.source)}: ${size}.`), ...warnings]
}
