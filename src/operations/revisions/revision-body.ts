import type { CompiledConfig } from '../../config/compile.ts'
import { withOwnSettings } from '../../config/own-settings.ts'
import { digestOf } from '../../config/redact.ts'
import { parseYaml } from '../../config/yaml-document.ts'
import { ENGINE_VERSION } from '../../engine/version.ts'
import type { RevisionBody } from '../../state/revisions/store.ts'

/** A configuration as the history keeps it. What was made of a machine's environment means something else on another. */
export function revisionBody({ written, policyTests }: Pick<CompiledConfig, 'written' | 'policyTests'>): RevisionBody {
  const { document, secrets } = written.read()
  const policyFiles = Object.fromEntries(policyTests.map(({ name, text }) => [name, text]))
  const said = withOwnSettings(parseYaml(document).value ?? {}, {})
  const isWhole = secrets.length === 0 && written.kind !== 'environment'
  return {
    digest: digestOf([said, policyFiles, isWhole]),
    document,
    policyFiles,
    isWhole,
    source: written.kind,
    version: ENGINE_VERSION,
  }
}
