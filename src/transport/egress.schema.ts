import { z } from 'zod'
import { RESERVED_HEADERS } from '../lib/reserved-headers.ts'
import { environmentName, identifier, nonEmpty, secretText } from '../lib/config-fields.ts'

/** Never a credential, so that an egress can never stand in for an account. */
const identityHeader = z
  .string()
  .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, 'a header name')
  .refine(
    (name) => !RESERVED_HEADERS.has(name.toLowerCase()),
    'a header that carries no credential and does not belong to the connection',
  )

const headerText = (): z.ZodString => z.string().regex(/^[\t\x20-\x7e\x80-\xff]*$/, 'text without line breaks')

/** One entry of `egress`: a way for requests to leave this machine. */
export const egressSchema = z
  .strictObject({
    id: identifier()
      .refine((id) => id !== 'direct', 'another name: `direct` is the way without a proxy')
      .describe('Name of the way, as `egress` of a provider or an account gives it.'),
    kind: z.enum(['direct', 'proxy']).default('proxy').describe('`proxy`, or `direct` for a way without one.'),
    url: secretText()
      .optional()
      .describe(
        'Address of the proxy: `http://`, `https://`, `socks5://` (names are resolved here) or `socks5h://` (by the proxy), with user and password where it wants them.',
      ),
    url_env: environmentName().optional().describe('Name of the environment variable that holds the address; goes before `url`.'),
    enabled: z.boolean().default(true).describe('Whether it may be used. What would leave this way is refused otherwise.'),
    user_agent: headerText()
      .min(1, 'text that is not empty')
      .optional()
      .describe("Name that upstreams are told instead of the gateway's."),
    headers: z
      .record(identityHeader, headerText())
      .default({})
      .describe('Headers to send with every request that leaves this way.'),
    ca_file: nonEmpty()
      .optional()
      .describe(
        'PEM file with certificates to trust beside the public ones, of a proxy that reads along. Relative paths start at the configuration file.',
      ),
  })
  .describe('A way for requests to leave this machine.')

export type EgressConfig = z.output<typeof egressSchema>
