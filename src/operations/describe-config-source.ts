import type { ConfigSource } from '../config/load.ts'

/** Where a configuration came from, in words. */
export function describeConfigSource(source: ConfigSource): string {
  switch (source.kind) {
    case 'file':
      return source.path
    case 'environment':
      return `no file; from ${source.variables.join(', ')} in the environment`
    case 'builtin':
      return 'no file and no provider key in the environment; the built-in mock'
    case 'published':
      return `revision ${source.revision}, published for all gateways; this one's own settings from ${describeConfigSource(source.own)}`
    case 'object':
      return 'handed over by the embedding program'
  }
}
