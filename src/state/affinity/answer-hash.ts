import { createHash } from 'node:crypto'
import type { AnswerKey } from './store.ts'

/** Stands for an answer and its owner where the id itself must not be kept. */
export const answerHash = ({ owner, answer }: AnswerKey): string =>
  createHash('sha256').update(`${owner.length}:${owner}${answer}`).digest('base64url')
