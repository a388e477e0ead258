import type { RecordStore } from '../state/records/store.ts'

/** Where records can be read from: the files of a gateway, running or not, or a gateway's own interface. */
export type RecordSource = Pick<RecordStore, 'list' | 'get' | 'scan' | 'close'>
