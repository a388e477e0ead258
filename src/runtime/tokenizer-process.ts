/**
 * The tokenizer in a process of its own: its tables take 70 MB and counting blocks a thread, neither of which the gateway can afford.
 * Reads one JSON string a line on standard input and answers one number a line. Ends when its input ends.
 */
import { createInterface } from 'node:readline'

/** Runs until standard input closes. */
export async function runTokenizer(): Promise<void> {
  const { countTokens } = await import('gpt-tokenizer/encoding/o200k_base')
  for await (const line of createInterface({ input: process.stdin })) {
    const text: unknown = JSON.parse(line)
    // Special tokens in a prompt are ordinary text to a model.
    process.stdout.write(`${typeof text === 'string' ? countTokens(text, { disallowedSpecial: new Set() }) : 0}\n`)
  }
}

if (process.argv[2] === '__tokenize') await runTokenizer()
