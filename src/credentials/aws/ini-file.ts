/** Sections of an INI file as AWS writes them, with their settings. Nested settings and comments are left out. */
export function iniSections(text: string): ReadonlyMap<string, ReadonlyMap<string, string>> {
  const sections = new Map<string, Map<string, string>>()
  let current: Map<string, string> | undefined
  for (const line of text.split(/\r\n|\r|\n/)) {
    const header = /^\s*\[([^\]]+)\]\s*(?:[;#].*)?$/.exec(line)?.[1]
    if (header !== undefined) {
      // Names with spaces may stand in quotes: `[profile "my team"]`.
      const name = header.trim().replaceAll(/\s+/g, ' ').replaceAll(/["']/g, '')
      current = sections.get(name) ?? new Map<string, string>()
      sections.set(name, current)
      continue
    }
    // An indented line belongs to the setting above it.
    const [, key, value] = /^([^\s;#=][^=]*?)\s*=\s*(.*?)\s*$/.exec(line) ?? []
    if (key !== undefined && value !== undefined) current?.set(key.toLowerCase(), value.replace(/\s+[;#].*$/, ''))
  }
  return sections
}
