import { MAX_CONFIG_BYTES } from '../../config/found-document.ts'
import { isObject } from '../../ir/json.ts'
import { BodyFields, invalidField } from '../body-fields.ts'
import type { NewConfig, PublishTerms } from './publish.ts'

/** An order to publish as it comes in a body, or as a command sends it. */
export interface PublishBody {
  /** Configuration, as YAML. */
  readonly document?: string | undefined
  /** Texts of its policy tests by the names it gives them. */
  readonly policy_files?: Readonly<Record<string, string>> | undefined
  /** How problems name it. */
  readonly file?: string | undefined
  readonly note?: string | undefined
  /** Only in the place of this revision, or of `none`. */
  readonly if_revision?: number | 'none' | undefined
  readonly dry_run?: boolean | undefined
}

const TERMS = ['note', 'if_revision', 'dry_run']
const MOST_NOTE = 500
const MOST_NAME = 500
const MOST_FILES = 100

/** The order to publish a configuration that comes along. Throws `invalid_body`. */
export function readNewConfig(body: unknown): NewConfig & PublishTerms {
  const fields = new BodyFields(body, ['document', 'policy_files', 'file', ...TERMS])
  const document = fields.value('document')
  if (typeof document !== 'string')
    throw invalidField('`document` must hold the configuration as a text (YAML or JSON).', 'document')
  return {
    name: fields.text('file', MOST_NAME) ?? 'the new configuration',
    document: bounded(document, 'document'),
    policyFiles: policyFilesIn(fields.value('policy_files') ?? {}),
    ...termsIn(fields),
  }
}

/** What an order to publish something known says besides. Throws `invalid_body`. */
export const readPublishTerms = (body: unknown): PublishTerms => termsIn(new BodyFields(body, TERMS))

function termsIn(fields: BodyFields): PublishTerms {
  const expected = fields.value('if_revision')
  if (expected !== undefined && expected !== 'none' && !(Number.isSafeInteger(expected) && Number(expected) > 0))
    throw invalidField('`if_revision` must be the number of a revision, or "none".', 'if_revision')
  return {
    note: fields.text('note', MOST_NOTE),
    expected: expected as PublishTerms['expected'],
    isTrial: fields.flag('dry_run'),
  }
}

function policyFilesIn(value: unknown): Readonly<Record<string, string>> {
  const entries = isObject(value) ? Object.entries(value) : undefined
  if (entries === undefined || entries.length > MOST_FILES || entries.some(([, text]) => typeof text !== 'string'))
    throw invalidField(`\`policy_files\` must map at most ${MOST_FILES} names of files to their texts.`, 'policy_files')
  return Object.fromEntries(entries.map(([name, text]) => [name, bounded(String(text), 'policy_files')]))
}

function bounded(text: string, field: string): string {
  if (text.length <= MAX_CONFIG_BYTES) return text
  throw invalidField(`\`${field}\` is larger than 4 MiB, which no configuration is.`, field)
}
