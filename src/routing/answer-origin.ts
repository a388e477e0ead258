import type { DecisionQuestion, KnownOrigin } from '../ir/question.ts'
import type { Route } from '../ir/snapshot.ts'

/**
 * The only provider and account that may serve the request, because they keep the turns it refers to: anywhere else it would be another
 * conversation. A route that allows losses may go on without those turns, and then nobody is bound.
 */
export const boundTo = (
  { translation }: Pick<Route, 'translation'>,
  { origin }: Pick<DecisionQuestion, 'origin'>,
): KnownOrigin | undefined => (origin?.kind === 'known' && translation !== 'allow' ? origin : undefined)
