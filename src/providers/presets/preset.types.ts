/** A well-known upstream: what a `providers:` entry for it holds, and where that is written. */
export interface Preset {
  /** Id of the provider made from it. */
  readonly id: string
  /** For people. */
  readonly name: string
  /** `providers[].type`. One that this version does not have is refused when it is asked for. */
  readonly type: string
  /** Absent where the type knows its own address. */
  readonly baseUrl?: string | undefined
  /** The usual variable of its key; absent where no key is needed. */
  readonly keyVariable?: string | undefined
  /** Variable with another address, as the vendor's own SDK reads it. */
  readonly addressVariable?: string | undefined
  /** Model names that begin like this are the vendor's own. */
  readonly prefixes?: readonly string[] | undefined
  /** Further keys of the entry. How the server deviates is known by its host (`quirks.data.ts`) and is not repeated. */
  readonly entry?: Readonly<Record<string, unknown>> | undefined
  /** What only the operator knows: what stands as `{name}` in the entry, else a key of it. */
  readonly asks?: readonly PresetQuestion[] | undefined
  /** Page that tells its models. */
  readonly docs: string
  /** Where the facts come from, and of which day. */
  readonly source: string
}

/** One whose key in the environment is enough to serve it. */
export interface EnvironmentPreset extends Preset {
  readonly type: 'openai' | 'anthropic' | 'gemini' | 'openai_compatible'
  readonly baseUrl: string
  readonly keyVariable: string
}

export interface PresetQuestion {
  readonly name: string
  /** What it is, such as `name of the resource`. */
  readonly what: string
  readonly example: string
}
