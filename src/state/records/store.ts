import type { RequestRecord } from '../../ir/record.ts'

/**
 * A finished request on its way into a store: what lists filter by, and the whole as JSON text. The text may be made when it is first read;
 * then the record is small, and before it holds on to what the text is made of.
 */
export interface PackedRecord {
  readonly requestId: string
  /** Unix milliseconds. */
  readonly startedAt: number
  readonly model: string
  readonly status: number
  readonly sessionId: string | undefined
  readonly tenant: string | undefined
  readonly apiKeyId: string | undefined
  /** Whom the key was issued to. */
  readonly owner: string | undefined
  /** JSON that the store's `UnpackRecord` understands once it is parsed. */
  readonly json: string
}

/** Makes a record of what `PackedRecord.json` held. */
export type UnpackRecord = (packed: unknown) => RequestRecord

/** Which records to list, newest first. Absent fields do not filter. */
export interface RecordFilter {
  /** At most 1000; 50 when absent. */
  readonly limit?: number | undefined
  /** The model the client asked for, exactly. */
  readonly model?: string | undefined
  /** The status the client saw. */
  readonly status?: number | undefined
  readonly sessionId?: string | undefined
  readonly tenant?: string | undefined
  readonly apiKeyId?: string | undefined
  /** Whom the key was issued to. */
  readonly owner?: string | undefined
  /** Unix milliseconds: only requests that started then or later. */
  readonly sinceMs?: number | undefined
  /** A request id: only what is older than that request. The last id of one page is the cursor of the next. */
  readonly before?: string | undefined
}

/** One line of a list: enough to find a request, not to explain it. */
export interface RecordSummary {
  readonly request_id: string
  /** Unix milliseconds. */
  readonly started_at: number
  readonly operation: RequestRecord['operation']
  readonly client_format: string
  readonly requested_model: string
  readonly route: string
  /** Target the decision chose first. */
  readonly selected?: string | undefined
  /** Target that served. */
  readonly served?: string | undefined
  readonly status: number
  readonly error_code?: string | undefined
  readonly streamed: boolean
  readonly session_id?: string | undefined
  readonly tenant?: string | undefined
  readonly api_key_id?: string | undefined
  readonly owner?: string | undefined
  readonly attempts: number
  readonly total_ms: number
  readonly input_tokens?: number | undefined
  readonly output_tokens?: number | undefined
}

/** Told when something is wrong with the store: once at the start of an outage and once at its end. */
export type StoreWarning = (message: string, facts: Readonly<Record<string, unknown>>) => void

/** Records that are on their way. */
export interface RecordBacklog {
  /** Not written yet. */
  readonly waiting: number
  /** Lost since the store was opened, because it could not write and too many waited. */
  readonly dropped: number
  /** The last attempt to write has failed. */
  readonly failing: boolean
}

/** Keeps what happened to each request. Metadata only: a record holds no prompt, no answer and no secret. */
export interface RecordStore {
  /**
   * Takes a record. Never blocks and never throws: records are written in batches soon after (at most 250 ms). When the store cannot
   * write, a bounded number is kept in memory and the rest is counted and dropped. The first record of an id wins.
   */
  append(record: PackedRecord): void
  /** What is on its way; absent where records are kept at once. */
  backlog?(): RecordBacklog
  /** Resolves when everything appended so far has been written, or has failed to be. */
  flush(): Promise<void>
  /** Newest first. Sees everything appended before. */
  list(filter?: RecordFilter): Promise<readonly RecordSummary[]>
  /**
   * One record by id, by the beginning of an id (with or without `req_`), or `last`. Undefined when there is none. Throws
   * `record_not_found` naming the candidates when the beginning fits several.
   */
  get(idOrPrefix: string): Promise<RequestRecord | undefined>
  /**
   * Whole records, newest first, as many as the filter's `limit` says and all of them without one. Read in pages, so that any number
   * fits into memory; what is appended meanwhile may be missed.
   */
  scan(filter?: Omit<RecordFilter, 'before'>): AsyncIterable<RequestRecord>
  /** Deletes records that started before `beforeMs` (Unix milliseconds), in bounded batches; resolves with how many. */
  prune(beforeMs: number): Promise<number>
  /** Writes what is left and releases everything. */
  close(): Promise<void>
}
