/** The wire formats a client or an upstream can speak. The names are those of `providers[].format` in the configuration. */
export type WireFormat = 'openai' | 'responses' | 'anthropic' | 'gemini' | 'bedrock_converse'

export const WIRE_FORMATS: readonly WireFormat[] = ['openai', 'responses', 'anthropic', 'gemini', 'bedrock_converse']
