import type { Preset } from './preset.types.ts'

/** Clouds that host models of several vendors behind logins of their own. */
export const CLOUD_PRESETS: readonly Preset[] = [
  {
    id: 'bedrock',
    name: 'Amazon Bedrock',
    type: 'bedrock',
    asks: [{ name: 'region', what: 'region of AWS', example: 'us-east-1' }],
    docs: 'https://docs.aws.amazon.com/bedrock/latest/userguide/models-supported.html',
    source: 'models.dev, 2026-07-02',
  },
  {
    id: 'vertex',
    name: 'Google Vertex AI',
    type: 'vertex',
    asks: [
      { name: 'project', what: 'id of the Google Cloud project', example: 'my-project-123' },
      { name: 'region', what: 'region of Google Cloud', example: 'europe-west4' },
    ],
    entry: { accounts: [{ id: 'main', auth: { kind: 'service_account' } }] },
    docs: 'https://cloud.google.com/vertex-ai/generative-ai/docs/models',
    source: 'models.dev, 2026-07-02',
  },
  {
    id: 'azure',
    name: 'Azure OpenAI',
    type: 'azure',
    keyVariable: 'AZURE_OPENAI_API_KEY',
    asks: [{ name: 'resource', what: 'name of the Azure resource', example: 'my-resource' }],
    docs: 'https://learn.microsoft.com/en-us/azure/ai-services/openai/concepts/models',
    source: 'learn.microsoft.com/azure/ai-foundry/openai/api-version-lifecycle, 2026',
  },
]
