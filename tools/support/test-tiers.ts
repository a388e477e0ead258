import { ROOT } from './repository.ts'

export interface Tier {
  readonly name: string
  /** Longest time for one test. */
  readonly timeoutMs: number
  /** Longest time for the whole tier: a test that hangs beyond its own limit must not hang the run. */
  readonly limitMs: number
  /** Runs with a plain `npm test`. */
  readonly byDefault: boolean
  readonly files: readonly string[]
}

type Manner = Pick<Tier, 'timeoutMs' | 'limitMs' | 'byDefault'>

const MINUTE = 60_000

/** In the order they run: the quickest to tell comes first. A folder of test/ that is not named here is a tier of its own. */
const known: Record<string, Manner> = {
  unit: { timeoutMs: 5_000, limitMs: 3 * MINUTE, byDefault: true },
  property: { timeoutMs: 60_000, limitMs: 5 * MINUTE, byDefault: true },
  golden: { timeoutMs: 20_000, limitMs: 3 * MINUTE, byDefault: true },
  integration: { timeoutMs: 30_000, limitMs: 10 * MINUTE, byDefault: true },
  shared: { timeoutMs: 60_000, limitMs: 10 * MINUTE, byDefault: true },
  sdk: { timeoutMs: 30_000, limitMs: 5 * MINUTE, byDefault: true },
  e2e: { timeoutMs: 60_000, limitMs: 10 * MINUTE, byDefault: true },
  agents: { timeoutMs: 240_000, limitMs: 10 * MINUTE, byDefault: false },
  chaos: { timeoutMs: 900_000, limitMs: 45 * MINUTE, byDefault: false },
  soak: { timeoutMs: 3_600_000, limitMs: 600 * MINUTE, byDefault: false },
  fuzz: { timeoutMs: 3_600_000, limitMs: 600 * MINUTE, byDefault: false },
}
const otherwise: Manner = { timeoutMs: 30_000, limitMs: 5 * MINUTE, byDefault: true }

function tierNameOf(path: string): string {
  const [top, folder, ...rest] = path.split('/')
  const isApart = top === 'test' && folder !== undefined && known[folder]?.byDefault === false
  if (path.endsWith('.property.test.ts') && !isApart) return 'property'
  if (top === 'src') return 'unit'
  return rest.length > 0 && folder !== undefined ? folder : 'other'
}

/** All tiers that have a test file, so that no test can lie where nothing runs it. */
export function findTiers(): Tier[] {
  const paths = [...new Bun.Glob('{src,test}/**/*.test.ts').scanSync({ cwd: ROOT })]
  const files = paths.filter((path) => !path.includes('node_modules/')).sort()
  const order = Object.keys(known)
  const rank = (name: string): number => (order.includes(name) ? order.indexOf(name) : order.indexOf('integration') - 0.5)
  return [...Map.groupBy(files, tierNameOf)]
    .map(([name, members]) => ({ name, files: members, ...(known[name] ?? otherwise) }))
    .sort((a, b) => rank(a.name) - rank(b.name) || a.name.localeCompare(b.name))
}
