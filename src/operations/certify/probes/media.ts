import type { ContentPart } from '../../../ir/content.ts'
import { answers, says } from '../expectations.ts'
import { both, user } from '../probe-parts.ts'
import type { Probe } from '../probe.types.ts'
import { CODE_WORD_PDF, RED_PNG } from './media.data.ts'

const image: ContentPart = { type: 'image', source: { kind: 'base64', mediaType: 'image/png', data: RED_PNG } }
const document: ContentPart = {
  type: 'document',
  source: { kind: 'base64', mediaType: 'application/pdf', data: CODE_WORD_PDF },
  filename: 'note.pdf',
}

/** Things to look at. */
export const MEDIA_PROBES: readonly Probe[] = [
  ...both({
    id: 'media.image',
    group: 'media',
    wants: 'visionIn',
    about: 'An image is seen.',
    request: { messages: [user('Which colour is this? Reply with one word.', image)] },
    expects: [answers, says(/\bred\b|scarlet|crimson/i)],
  }),
  {
    id: 'media.document',
    group: 'media',
    kind: 'call',
    wants: 'fileIn',
    about: 'A document is read.',
    stream: false,
    request: { messages: [user('Reply with the code word of this document.', document)] },
    expects: [answers, says(/mango/i)],
  },
]
