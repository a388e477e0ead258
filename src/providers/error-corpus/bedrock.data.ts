import type { ProviderErrors } from './error-case.ts'

const CODES = 'https://docs.aws.amazon.com/bedrock/latest/userguide/troubleshooting-api-error-codes.html'
const CONVERSE = 'https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html'

const named = (name: string): Record<string, string> => ({
  'x-amzn-errortype': `${name}:http://internal.amazon.com/coral/com.amazon.bedrock/`,
})

/** The kind of an error stands in a header; the body has a sentence. */
export const BEDROCK_ERRORS: ProviderErrors = {
  provider: 'bedrock',
  format: 'openai',
  cases: [
    {
      what: 'prompt longer than the context',
      status: 400,
      headers: named('ValidationException'),
      body: { message: 'Input is too long for requested model.' },
      code: 'upstream_context_too_long',
      source: 'https://github.com/aws-samples/bedrock-chat/issues/95',
    },
    {
      what: 'prompt longer than the context of a Claude model',
      status: 400,
      format: 'anthropic',
      headers: named('ValidationException'),
      body: { message: 'prompt is too long: 205000 tokens > 200000 maximum' },
      code: 'upstream_context_too_long',
      overflow: { promptTokens: 205_000, windowTokens: 200_000 },
      source: 'https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-anthropic-claude-messages.html',
    },
    {
      what: 'answer longer than the model gives',
      status: 400,
      headers: named('ValidationException'),
      body: { message: 'The maximum tokens you requested exceeds the model limit of 32768' },
      code: 'upstream_invalid_request',
      source: 'https://github.com/charmbracelet/crush/issues/946',
    },
    {
      what: 'model that does not exist',
      status: 400,
      headers: named('ValidationException'),
      body: { message: 'The provided model identifier is invalid.' },
      code: 'upstream_model_not_found',
      source: CODES,
    },
    {
      what: 'quota of the account used up',
      status: 400,
      headers: named('ServiceQuotaExceededException'),
      body: { message: 'Your request exceeds the service quota for your account.' },
      code: 'upstream_quota_exceeded',
      source: CONVERSE,
    },
    {
      what: 'account without the right',
      status: 403,
      headers: named('AccessDeniedException'),
      body: { message: 'User: arn:aws:iam::1:user/x is not authorized to perform: bedrock:InvokeModel' },
      code: 'upstream_permission',
      source: CODES,
    },
    {
      what: 'token that is not valid',
      status: 403,
      headers: named('UnrecognizedClientException'),
      body: { message: 'The security token included in the request is invalid.' },
      code: 'upstream_authentication',
      source: CODES,
    },
    {
      what: 'model without a form filled in',
      status: 404,
      headers: named('ResourceNotFoundException'),
      body: { message: 'Model use case details have not been submitted for this account.' },
      code: 'upstream_model_not_found',
      source: CODES,
    },
    {
      what: 'too many tokens in a minute, which is no overflow',
      status: 429,
      headers: named('ThrottlingException'),
      body: { message: 'Too many tokens, please wait before trying again.' },
      code: 'upstream_rate_limited',
      source: 'https://www.repost.aws/ja/knowledge-center/bedrock-throttling-error',
    },
    {
      what: 'model that is not ready',
      status: 429,
      headers: named('ModelNotReadyException'),
      body: { message: 'The model is not ready to serve inference requests.' },
      code: 'upstream_overloaded',
      source: CONVERSE,
    },
    {
      what: 'model that takes too long',
      status: 408,
      headers: named('ModelTimeoutException'),
      body: { message: 'The request took too long to process.' },
      code: 'upstream_timeout',
      source: CONVERSE,
    },
    {
      what: 'model that fails',
      status: 424,
      headers: named('ModelErrorException'),
      body: { message: 'The request failed due to an error while processing the model.' },
      code: 'upstream_server_error',
      source: CONVERSE,
    },
    {
      what: 'not available',
      status: 503,
      headers: named('ServiceUnavailableException'),
      body: { message: 'Bedrock is unable to process your request.' },
      code: 'upstream_overloaded',
      source: CODES,
    },
  ],
}
