import { GatewayError } from '../errors/gateway-error.ts'
import { targetIdOf, type ProviderId } from '../ir/ids.ts'
import type { DecisionQuestion } from '../ir/question.ts'
import type { Route, RoutingSnapshot } from '../ir/snapshot.ts'
import { matchesPattern } from '../lib/pattern-index.ts'

/**
 * The way of a call that is for one provider and names no model: its files, its batches, any address of it. `question.model` is the word
 * that stands for the model. Nobody reads which models such a call comes to, so callers that are confined to models or routes are refused.
 */
export function routeOfProvider(
  { providers, defaults }: RoutingSnapshot,
  { model, principal }: Pick<DecisionQuestion, 'model' | 'principal'>,
  provider: ProviderId,
): { readonly route: Route; readonly name: string; readonly unverified: boolean } {
  const facts = providers.get(provider)
  if (facts === undefined) throw new GatewayError('subject_not_found', 'There is no provider of this name.')
  if (principal?.allowed?.providers?.includes(provider) === false) throw confined('providers')
  const name = `${model}:${provider}`
  if (principal?.allowed?.models !== undefined) throw confined('models')
  if (principal?.allowed?.routes?.some((pattern) => matchesPattern(pattern, name)) === false) throw confined('routes')
  const target = { id: targetIdOf(provider, model), provider: facts.id, model, format: facts.format }
  // What belongs to an account is never asked of another one.
  return { route: { ...defaults, name, targets: [target], translation: 'warn' }, name, unverified: false }
}

const confined = (to: string): GatewayError =>
  new GatewayError(
    'forbidden',
    `This key is confined to certain ${to}, and this address may use others. Ask whoever runs the gateway for another key.`,
  )
