import { expect, test } from 'bun:test'
import { Certifications } from '../../catalog/certifications.ts'
import type { TargetId } from '../../ir/ids.ts'
import type { ChangeListener } from '../../lib/change-watch.ts'
import { certified } from '../../state/certifications/conformance.ts'
import type { CertificationStore } from '../../state/certifications/store.ts'
import { followCertifications } from './follow-certifications.ts'

test('certifications that cannot be read are told once a reason, and read when the store asks again', async () => {
  const certifications = new Certifications()
  let failure: Error | undefined = new Error('the store is away')
  let listener: ChangeListener | undefined
  const store: CertificationStore = {
    async list() {
      if (failure !== undefined) throw failure
      return [certified('p/m')]
    },
    keep: async () => undefined,
    watch: (told) => void (listener = told),
    close: async () => undefined,
  }
  const warnings: string[] = []
  await followCertifications({ store, certifications, warn: (message) => void warnings.push(message) })
  for (let time = 0; time < 2; time++) expect(await Promise.resolve(listener?.()).catch((error: unknown) => error)).toBe(failure)
  expect(warnings).toEqual(['the store is away'])
  failure = undefined
  await listener?.()
  const terms = { now: 0, maxAgeMs: undefined, endpoint: 'e' }
  expect(certifications.standingOf('p/m' as TargetId, terms)).toEqual({ certified: '2026-01-31' })
})
