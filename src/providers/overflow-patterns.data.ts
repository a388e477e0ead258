/**
 * How servers word the sizes of a prompt that does not fit. Groups: `prompt`, `output`, `total` (both together), `window`. The
 * first that matches is taken. Sources: the error corpus beside this file.
 */
export const OVERFLOW_PATTERNS: readonly RegExp[] = [
  // Anthropic
  /prompt is too long[^0-9]{0,20}(?<prompt>\d+) ?tokens? ?> ?(?<window>\d+)/i,
  /exceed context limit: (?<prompt>\d+) \+ (?<output>\d+) > (?<window>\d+)/i,
  // OpenAI, DeepSeek, vLLM, OpenRouter (which counts tools apart)
  /maximum context length is (?<window>\d+) tokens.{0,60}requested (?:about )?(?<total>\d+) tokens \(.{0,80}?(?<output>\d+) (?:in the (?:completion|output)|for the completion)/i,
  /too large: (?<output>\d+)\. .{0,40}maximum context length is (?<window>\d+) tokens and your request has (?<prompt>\d+) input/i,
  /maximum context length is (?<window>\d+) tokens.{0,60}(?:resulted in|request has) (?<prompt>\d+) (?:input )?tokens/i,
  /passed (?<prompt>\d+) input tokens and requested (?<output>\d+) output tokens.{0,60}context length is only (?<window>\d+)/i,
  // Google
  /input token count \(?(?<prompt>\d+)\)? exceeds the maximum number of tokens allowed \(?(?<window>\d+)/i,
  // xAI
  /maximum prompt length is (?<window>\d+) but the request contains (?<prompt>\d+)/i,
  // Mistral
  /prompt contains (?<prompt>\d+) tokens.{0,40}too large for model with (?<window>\d+)/i,
  // Cerebras, Groq
  /current length is (?<prompt>\d+) while limit is (?<window>\d+)/i,
  // Fireworks
  /prompt is too long: (?<prompt>\d+), model maximum context length: (?<window>\d+)/i,
  // Together, text-generation-inference
  /max_new_tokens`? +must be <= (?<window>\d+)\. given: (?<prompt>\d+) `?inputs`? tokens and (?<output>\d+)/i,
  // llama.cpp
  /request \((?<prompt>\d+) tokens\) exceeds the available context size \((?<window>\d+) tokens\)/i,
  // Moonshot, Alibaba, LM Studio, anything that names the window alone
  /exceeded model token limit ?: ?(?<window>\d+)/i,
  /range of input length should be \[\d+, ?(?<window>\d+)\]/i,
  /context length (?:of|is) only (?<window>\d+)/i,
  /maximum context length(?: is|:) (?<window>\d+)/i,
]
