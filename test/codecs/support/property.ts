import fc from 'fast-check'

/** The same cases on every run; `FUZZ_SEED=random` looks further, `FUZZ_RUNS` longer. */
const { FUZZ_SEED, FUZZ_RUNS } = process.env
const seed = FUZZ_SEED === 'random' ? Math.trunc(Math.random() * 2 ** 31) : Number(FUZZ_SEED ?? 20_260_101)

/** Asserts that `check` holds for what the arbitraries give; a counterexample is shrunk and shown with its seed. */
export function property<Values extends [unknown, ...unknown[]]>(
  arbitraries: { [Index in keyof Values]: fc.Arbitrary<Values[Index]> },
  check: (...values: Values) => void,
  runs = 80,
): void {
  fc.assert(fc.property(...arbitraries, check), { seed, numRuns: Number(FUZZ_RUNS ?? runs) })
}
