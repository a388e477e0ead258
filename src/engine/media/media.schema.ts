import { z } from 'zod'
import { milliseconds, positive } from '../../lib/config-fields.ts'
import type { EgressPath } from '../../transport/egress.settings.schema.ts'

const hostPattern = z
  .string()
  .regex(/^(\*\.)?[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*\.?$/, 'a host name such as images.example.com, or *.example.com')

/** `server.media`: what is done with media that a request names by address. */
export const mediaSchema = z
  .strictObject({
    inline_urls: z
      .boolean()
      .default(true)
      .describe('Fetch media for targets that take it only within the request. Those that take addresses get the address.'),
    hosts: z
      .array(hostPattern)
      .default([])
      .describe('Hosts that media is fetched from, such as `*.example.com`. Default: all of the public internet.'),
    max_bytes: positive().max(1_073_741_824, 'at most 1073741824').default(20_971_520).describe('Largest file that is fetched.'),
    timeout_ms: milliseconds().default(15_000).describe('Longest time that fetching one file may take.'),
    allow_private: z
      .boolean()
      .default(false)
      .describe('Fetch from this machine and from private networks too. Every client can then read what lies there.'),
  })
  .prefault({})
  .describe('Images, documents and audio that a request names by address.')

/** How media is fetched. */
export interface MediaSettings {
  /** Lower case; empty for all. */
  readonly hosts: readonly string[]
  readonly maxBytes: number
  readonly timeoutMs: number
  readonly egress: EgressPath
}
