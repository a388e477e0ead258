import { type FoundDocument, placed, syntaxOf } from './found-document.ts'
import type { PublishedConfig } from './load.types.ts'
import { configuredPath } from './locate.ts'
import { isOwnSetting, withOwnSettings } from './own-settings.ts'
import { parseYaml } from './yaml-document.ts'

/**
 * A published configuration as one gateway serves by it: what is the gateway's own comes from its own document, which need not be valid
 * otherwise. Relative paths start where those of its own do; policy tests came along.
 */
export function withPublished(
  own: FoundDocument,
  { revision, name = `revision ${revision}`, document, policyFiles }: PublishedConfig,
  { home }: { readonly home: string },
): FoundDocument {
  if (!own.isReadable || own.source === undefined) return own
  const { baseDirectory } = own
  const yaml = parseYaml(document)
  const syntax = syntaxOf(yaml, name)
  return {
    source: { kind: 'published', revision, own: own.source },
    isReadable: yaml.value !== undefined || syntax.length === 0,
    value: withOwnSettings(yaml.value ?? {}, own.value),
    baseDirectory,
    syntax,
    warnings: own.warnings,
    written: { kind: 'published', read: () => ({ document, secrets: [] }) },
    place: (note) => (isOwnSetting(note.path) ? own.place(note) : placed(note, name, yaml)),
    policyTexts: new Map(
      Object.entries(policyFiles).map(([file, text]) => [configuredPath(file, { baseDirectory, home }), text]),
    ),
  }
}
