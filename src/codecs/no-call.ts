import type { ClientContext } from './codec.ts'

/** What a failure is encoded with: its frame names nothing of its call. */
export const NO_CALL: ClientContext = {
  requestId: '',
  model: '',
  createdAt: 0,
  request: { model: '', messages: [], sampling: {}, stream: true },
}
