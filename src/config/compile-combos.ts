import type { Route } from '../ir/snapshot.ts'
import type { ConfigParts } from './compile-context.ts'
import { requirementsOf } from './compile-requirements.ts'
import type { Defaults } from './compile-routes.ts'
import type { ConfigNotes } from './problem.ts'
import { distinctTargets, type ResolveTarget } from './resolve-target.ts'
import { showText } from './secrecy.ts'

/** Combos by name, as routes called `combo/<name>`. */
export function compileCombos(
  parts: ConfigParts,
  defaults: Defaults,
  resolveTarget: ResolveTarget,
  notes: ConfigNotes,
): Map<string, Route> {
  const combos = new Map<string, Route>()
  for (const { value, path } of parts.combos) {
    const { name, strategy } = value
    if (combos.has(name)) notes.problem([...path, 'name'], `Two combos are named ${showText(name)}. Give each its own name.`)
    if (value.targets !== undefined && value.models !== undefined)
      notes.problem([...path, 'models'], 'The combo names its targets twice, as `targets` and as `models`. Keep one.', {
        atKey: true,
      })
    const key = value.targets === undefined && value.models !== undefined ? 'models' : 'targets'
    const list = value[key] ?? []
    if (list.length === 0)
      notes.problem(path, 'The combo leads nowhere. Name at least one target under `targets`, as `provider/model`.', {
        wants: ['targets', 'models'],
      })
    combos.set(name, {
      ...defaults,
      name: `combo/${name}`,
      targets: distinctTargets(list, [...path, key], resolveTarget, notes),
      requirements: requirementsOf(value.require),
      selection: {
        ...defaults.selection,
        // Whoever wrote `round_robin` wants turns, not sessions that stay.
        affinity: strategy === 'round_robin' ? 'none' : 'account',
        strategy: { name: strategy === 'round_robin' ? 'round_robin' : 'ordered_fallback', chosenBy: 'route' },
      },
    })
  }
  return combos
}
