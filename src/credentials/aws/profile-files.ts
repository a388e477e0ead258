import { readFileSync } from 'node:fs'
import type { ProfileSettings } from './aws-settings.types.ts'
import { iniSections } from './ini-file.ts'

/** The settings of a profile, or of a session; later files win. */
export type Section = ReadonlyMap<string, string>

/** What the files that AWS's own tools share say, as they are now. Either may be missing. */
export class ProfileFiles {
  private readonly config: ReadonlyMap<string, Section>
  private readonly credentials: ReadonlyMap<string, Section>

  constructor({ configFile, credentialsFile }: Pick<ProfileSettings, 'configFile' | 'credentialsFile'>) {
    this.config = sectionsOf(configFile)
    this.credentials = sectionsOf(credentialsFile)
  }

  /** Of both files, keys of the first-named one first; empty when neither knows it. */
  profile(name: string): Section {
    const configured = this.config.get(`profile ${name}`) ?? (name === 'default' ? this.config.get('default') : undefined)
    return new Map([...(configured ?? []), ...(this.credentials.get(name) ?? [])])
  }

  /** A session that profiles log in with together. */
  session(name: string): Section | undefined {
    return this.config.get(`sso-session ${name}`)
  }
}

function sectionsOf(path: string): ReadonlyMap<string, Section> {
  try {
    return iniSections(readFileSync(path, 'utf8'))
  } catch {
    return new Map() // that both are missing is told together
  }
}
