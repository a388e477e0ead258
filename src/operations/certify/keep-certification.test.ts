import { expect, test } from 'bun:test'
import type { Certification } from '../../state/certifications/certification.ts'
import { keepCertification } from './keep-certification.ts'

const made = (more: Partial<Certification>): Certification => ({
  schema: 'switchback.certification/v1',
  target: 'p/m',
  at: '2026-11-26T00:00:00.000Z',
  version: '1',
  endpoint: 'here',
  mode: 'full',
  status: 'certified',
  results: [],
  ...more,
})

async function keptAfter(...all: readonly Certification[]): Promise<Certification | undefined> {
  const kept = new Map<string, Certification>()
  const store = {
    list: async () => [...kept.values()],
    keep: async (one: Certification) => void kept.set(one.target, one),
  }
  for (const one of all) expect(await keepCertification(store, one)).toBe(kept.get(one.target)!)
  return kept.get('p/m')
}

test('looking whether a target is alive takes nothing away from what was asked in full', async () => {
  const full = made({})
  for (const status of ['certified', 'failed'] as const)
    expect(await keptAfter(full, made({ mode: 'liveness', status }))).toBe(full)
})

test('of another endpoint, another target, or of nothing but a look, the newest is kept', async () => {
  const alive = made({ mode: 'liveness' })
  expect(await keptAfter(made({ endpoint: 'there' }), alive)).toBe(alive)
  expect(await keptAfter(made({ target: 'p/other' }), alive)).toBe(alive)
  expect(await keptAfter(made({ mode: 'liveness', status: 'failed' }), alive)).toBe(alive)
})

test('what is asked in full takes the place of everything', async () => {
  const failed = made({ status: 'failed' })
  expect(await keptAfter(made({}), failed)).toBe(failed)
})
