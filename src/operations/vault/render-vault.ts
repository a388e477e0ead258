import { plural, safeText } from '../story-words.ts'
import type { KeyPlace, NewVaultKey } from './vault-desk.ts'

/** What was done, where the key is, and what to do with it. */
export function renderNewKey({ path, key, recipient }: NewVaultKey, deed: 'made' | 'rotated'): string {
  const done =
    deed === 'made' ? `The vault ${path} is made.` : `The vault ${path} has another key; the one before opens it no more.`
  return `${done}\n${whereText(key)}\nPublic key: ${recipient}`
}

function whereText(key: KeyPlace): string {
  switch (key.kind) {
    case 'keychain':
      return `Its key is in the keychain, as ${key.service}.`
    case 'variable':
      return 'Its key is the one in SWITCHBACK_VAULT_KEY.'
    case 'file':
      return `Its key is in ${key.path}. Keep a copy in a safe place: without it the vault cannot be opened. To use it: export SWITCHBACK_VAULT_KEY="$(cat '${key.path}')"`
  }
}

export interface ListedSecrets {
  readonly path: string
  readonly secrets: readonly { readonly name: string; readonly used: boolean }[]
  /** Names that the configuration uses and the vault has not. */
  readonly missing: readonly string[]
}

export function renderNames({ path, secrets, missing }: ListedSecrets): string {
  return [
    `${plural(secrets.length, 'secret')} in ${path}`,
    ...secrets.map(({ name, used }) => `  ${safeText(name)}${used ? '' : '  (not used by this configuration)'}`),
    ...missing.map((name) => `  ${name}  MISSING: the configuration names it; switchback vault set ${name}`),
  ].join('\n')
}
