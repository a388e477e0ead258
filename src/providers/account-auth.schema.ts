import { z } from 'zod'
import {
  environmentName,
  httpAddress,
  keyFileField,
  keyVariableFields,
  nonEmpty,
  secretText,
  vaultName,
} from '../lib/config-fields.ts'

/** The three places that can hold one secret, named after it: `<name>_vault`, `<name>_env` and `<name>` itself. */
function secretFields<Name extends string>(name: Name, what: string): SecretFields<Name> {
  return {
    [`${name}_vault`]: vaultName(what).optional(),
    [`${name}_env`]: environmentName().optional().describe(`Name of the environment variable that holds ${what}.`),
    [name]: secretText()
      .optional()
      .describe(`${capitalised(what)} itself. Better named by \`${name}_env\`.`),
  } as SecretFields<Name>
}

type SecretFields<Name extends string> = Record<`${Name}_vault` | `${Name}_env`, z.ZodOptional<z.ZodString>> &
  Record<Name, z.ZodOptional<ReturnType<typeof secretText>>>

const capitalised = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

const scope = () => nonEmpty().optional().describe('What the token is to be good for, words of the endpoint with spaces between.')

const apiKey = z.strictObject({
  kind: z.literal('api_key').optional().describe('A key that is sent with each request. The default.'),
  ...keyVariableFields('the key of this account'),
  vault: vaultName('the key of this account').optional(),
  inline: secretText().optional().describe('The key itself. Better named by `key_env`.'),
  ...keyFileField('the key of this account'),
})

const none = z.strictObject({ kind: z.literal('none').describe('No credential at all.') })

const oauth = z.strictObject({
  kind: z
    .literal('oauth')
    .describe('A bearer token from an OAuth 2.0 endpoint: by refresh token where there is one, else by client id and secret.'),
  token_url: httpAddress()
    .optional()
    .describe('The token endpoint. Without it the token is all there is, and cannot be renewed.'),
  client_id: nonEmpty().optional().describe('Id of the client at the endpoint.'),
  ...secretFields('client_secret', 'the secret of the client'),
  ...secretFields('refresh', 'the refresh token'),
  ...secretFields('token', 'an access token to begin with'),
  scope: scope(),
})

const entra = z.strictObject({
  kind: z.literal('entra').describe('A bearer token for Azure, from Microsoft Entra ID, by an application and its secret.'),
  tenant_id: nonEmpty().describe('Directory (tenant) id of the application.'),
  client_id: nonEmpty().describe('Application (client) id.'),
  ...secretFields('client_secret', 'the secret of the client'),
  scope: nonEmpty().default('https://cognitiveservices.azure.com/.default').describe('What the token is to be good for.'),
  authority: httpAddress()
    .default('https://login.microsoftonline.com')
    .describe('Sign-in address of the cloud the tenant is in.'),
})

const serviceAccount = z.strictObject({
  kind: z.literal('service_account').describe('A bearer token for Google Cloud, by the key of a service account.'),
  key_file: nonEmpty()
    .optional()
    .describe('The JSON file with the key, read for each token. Default: the file that GOOGLE_APPLICATION_CREDENTIALS names.'),
  ...secretFields('key', 'the JSON of the key'),
  scope: nonEmpty().default('https://www.googleapis.com/auth/cloud-platform').describe('What the token is to be good for.'),
})

const googleMetadata = z.strictObject({
  kind: z.literal('google_metadata').describe('A bearer token for Google Cloud, of the machine the gateway runs on.'),
  url: httpAddress()
    .default('http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/token')
    .describe('Address of the metadata server, with the service account.'),
})

/** Names of the fields are those of AWS's own tools where these have any. */
const awsKeys = {
  ...secretFields('access_key', 'the access key id'),
  ...secretFields('secret_key', 'the secret access key'),
  ...secretFields('session_token', 'the session token of keys that end'),
}

const aws = z.strictObject({
  kind: z
    .literal('aws')
    .describe("A signature of each request (AWS Signature Version 4), with keys from where AWS's own tools look for them."),
  source: z
    .enum(['static', 'environment', 'profile', 'web_identity', 'container', 'instance'])
    .optional()
    .describe(
      'Where the keys come from. Default: what the other fields name, else the first that there is: the environment, a web identity, a profile, the container, the instance.',
    ),
  ...awsKeys,
  profile: nonEmpty().optional().describe('Profile in the shared files. Default: AWS_PROFILE, else `default`.'),
  credentials_file: nonEmpty().optional().describe('The shared file with keys. Default: ~/.aws/credentials.'),
  config_file: nonEmpty().optional().describe('The shared file with settings. Default: ~/.aws/config.'),
  role_arn: nonEmpty().optional().describe('Role to take on with a web identity. Default: AWS_ROLE_ARN.'),
  token_file: nonEmpty().optional().describe('File with the token of the web identity. Default: AWS_WEB_IDENTITY_TOKEN_FILE.'),
  session_name: z
    .string()
    .regex(/^[\w+=,.@-]{2,64}$/, '2 to 64 letters, digits or any of _+=,.@-')
    .optional()
    .describe('Name under which the role is taken on. Default: AWS_ROLE_SESSION_NAME, else `switchback`.'),
  sts_url: httpAddress().optional().describe('Address of the Security Token Service. Default: that of the region.'),
  metadata_url: httpAddress().optional().describe('Address of the metadata service of the instance.'),
  region: nonEmpty().optional().describe('Region to sign for. Default: that of the provider.'),
})

const awsSigV4 = z.strictObject({
  kind: z.literal('aws_sig_v4').describe('Another name of `aws` with keys that are written or named here.'),
  ...awsKeys,
})

/** Where a program keeps its login unless told otherwise. */
interface NativeDefaults {
  readonly program: string
  readonly variable: string
  readonly file: string
  readonly pointer: string
}

/** The login of a program on this machine. It is one person's. */
const nativeLogin = <Kind extends string>(kind: Kind, { program, variable, file, pointer }: NativeDefaults) =>
  z.strictObject({
    kind: z.literal(kind).describe(`The login of ${program} on this machine, for the one person it belongs to.`),
    token_vault: vaultName('an access token to begin with').optional(),
    token_env: environmentName()
      .default(variable)
      .describe('Name of an environment variable that holds the token. Where set, it goes before the file.'),
    token_file: nonEmpty().default(file).describe(`The file in which ${program} keeps its login. It is only read.`),
    access_token_pointer: z
      .string()
      .regex(/^(\/[^/]*)+$/, 'a JSON pointer, such as /tokens/access_token')
      .default(pointer)
      .describe('JSON pointer of the token in the file.'),
    allow_other_users: z
      .boolean()
      .default(false)
      .describe(
        'Use the login although the gateway listens where other people reach it. Whether its vendor allows that is for you to know.',
      ),
  })

/** What an account logs in with. A kind without a name is an API key. */
export const accountAuth = z
  .discriminatedUnion(
    'kind',
    [
      apiKey,
      none,
      oauth,
      entra,
      serviceAccount,
      googleMetadata,
      aws,
      awsSigV4,
      nativeLogin('codex_oauth', {
        program: 'Codex',
        variable: 'CODEX_ACCESS_TOKEN',
        file: '~/.codex/auth.json',
        pointer: '/tokens/access_token',
      }),
      nativeLogin('claude_code_oauth', {
        program: 'Claude Code',
        variable: 'CLAUDE_CODE_OAUTH_TOKEN',
        file: '~/.claude/.credentials.json',
        pointer: '/claudeAiOauth/accessToken',
      }),
    ],
    'a mapping with `kind`',
  )
  .describe('Credential of the account. Without it the account uses the key of its provider.')

export type AccountAuth = z.output<typeof accountAuth>
