import type { AllowList } from '../../ir/principal.ts'
import { nearest } from '../../lib/nearest.ts'
import { BodyFields, invalidField } from '../body-fields.ts'
import { safeText } from '../story-words.ts'
import type { KnownNames } from './tenancy-parts.ts'

const LISTS = ['models', 'routes', 'providers', 'accounts'] as const
const MOST_NAMES = 200
const LONGEST_NAME = 512
/** Routes that decisions name without anybody having written them down. */
const OWN_ROUTES = /^(direct|combo\/.+|(?:default|passthrough|files|batches):.+)$/

/**
 * Reads `{"models": ["gpt-*"], "routes": […], "providers": […], "accounts": ["openai/main"]}`. An absent list restricts nothing, an empty one
 * allows nothing. What the configuration does not have is refused: a name that is mistyped would lock its key out, or, worse, let it in later.
 */
export function readAllowed(value: unknown, known: KnownNames): AllowList | undefined {
  const fields = new BodyFields(value, LISTS)
  const lists = LISTS.flatMap((name) => {
    const names = readNames(fields, name)
    if (names === undefined) return []
    if (name === 'providers' || name === 'accounts') checkKnown(name, names, known[name])
    if (name === 'routes')
      checkKnown(
        name,
        names.filter((route) => !route.includes('*') && !OWN_ROUTES.test(route)),
        known.routes,
      )
    return [[name, names] as const]
  })
  return lists.length === 0 ? undefined : Object.fromEntries(lists)
}

function readNames(fields: BodyFields, name: (typeof LISTS)[number]): readonly string[] | undefined {
  const value = fields.value(name)
  if (value === undefined) return undefined
  const isList =
    Array.isArray(value) && value.every((item) => typeof item === 'string' && item !== '' && item.length <= LONGEST_NAME)
  if (!isList) throw invalidField(`\`allowed.${name}\` must be a list of names.`, 'allowed')
  if (value.length > MOST_NAMES)
    throw invalidField(`\`allowed.${name}\` has more than ${MOST_NAMES} names. Use patterns with \`*\`.`, 'allowed')
  return [...new Set(value as string[])]
}

function checkKnown(list: string, names: readonly string[], known: readonly string[]): void {
  for (const name of names) {
    if (known.includes(name)) continue
    const close = nearest(name, known)
    const hint =
      close === undefined ? `The configuration has ${known.slice(0, 10).join(', ') || 'none'}.` : `Did you mean ${close}?`
    throw invalidField(`\`allowed.${list}\` names ${safeText(name)}, which the configuration does not have. ${hint}`, 'allowed')
  }
}
