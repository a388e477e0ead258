import { isObject } from '../ir/json.ts'
import { LATER_PROVIDER_TYPES } from './later-keys.data.ts'
import type { ConfigNotes } from './problem.ts'

/**
 * Refuses providers of kinds that this version does not have with one problem each, and takes them out, so that their many special
 * keys are not reported one by one. Entries of `providers` become undefined and keep the places of the others.
 */
export function setAsideLaterKinds(document: unknown, notes: ConfigNotes): unknown {
  if (!isObject(document) || !Array.isArray(document['providers'])) return document
  const providers = document['providers'].map((provider: unknown, index) => {
    if (!isObject(provider)) return provider
    const { type } = provider
    if (typeof type === 'string' && Object.hasOwn(LATER_PROVIDER_TYPES, type)) {
      const expected = 'one of mock, openai_compatible, openai, anthropic, gemini, vertex, azure, bedrock'
      notes.problem(
        ['providers', index, 'type'],
        `Providers of type ${type} are not supported by this version. ${LATER_PROVIDER_TYPES[type]}`,
        { expected, found: type },
      )
      return undefined
    }
    return provider
  })
  return { ...document, providers }
}
