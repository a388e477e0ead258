import type { LoadResult } from '../../config/load.ts'
import { formatProblem } from '../../config/problem.ts'
import type { ReloadOutcome } from '../reload-config.ts'
import { listWords } from '../story-words.ts'

type Tell = (line: string) => void

/** That a configuration was taken over, and what there is to know about it. */
export function tellTaken(
  loaded: LoadResult,
  { outcome, by }: { readonly outcome: ReloadOutcome; readonly by?: string | undefined },
  tell: Tell,
): void {
  for (const warning of loaded.warnings) tell(`warning: ${formatProblem(warning)}`)
  if (outcome.restart.length > 0)
    tell(`warning: ${listWords(outcome.restart)} cannot change while the gateway runs, and will when it is started again.`)
  tell(
    by === undefined
      ? `The configuration was taken over (revision ${outcome.revision}).`
      : `Revision ${outcome.revision}, published by ${by}, was taken over.`,
  )
}

/** Every reason why a configuration was not taken, a line each. */
export function refusalReasons({
  loaded,
  refusal,
}: {
  readonly loaded: LoadResult
  readonly refusal: Error | undefined
}): readonly string[] {
  if (!loaded.ok) return loaded.problems.map(formatProblem)
  return refusal === undefined ? [] : refusal.message.split('\n')
}

export function tellRefusal(reasons: readonly string[], tell: Tell): void {
  for (const reason of reasons) tell(reason)
  tell('The new configuration was not taken. The one before it stays in force.')
}
