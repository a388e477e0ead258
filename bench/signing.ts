import { createHash } from 'node:crypto'
import { createSigner } from '../src/credentials/aws/sign-request.ts'
import { Secret } from '../src/lib/secret.ts'
import type { Fact } from './facts.ts'
import { smallChat } from './support/bodies.ts'

const ROUNDS = 15
const TIMES = 400

/** CPU time of signing a request of 2 KB by Signature Version 4, less that of the hash over its body, which the protocol wants anyway. */
export async function measureSigning(): Promise<Fact> {
  const keys = { accessKeyId: 'AKIDBENCH', secretAccessKey: new Secret('bench-secret'), sessionToken: undefined }
  const signer = await createSigner(keys, { region: 'us-east-1', service: 'bedrock' })
  const body = JSON.stringify(smallChat('bench-model', true))
  const request = {
    url: 'https://bedrock-runtime.us-east-1.amazonaws.com/model/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse-stream',
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  }
  const signed = await signer.sign(request, 0)
  if (!/Signature=[0-9a-f]{64}$/.test(signed.headers['authorization'] ?? '')) throw new Error('the request was not signed')
  const signing: number[] = []
  const hashing: number[] = []
  for (let round = 0; round < ROUNDS * 2; round++) {
    signing.push(await microseconds((call) => signer.sign(request, call * 1000)))
    hashing.push(await microseconds(() => createHash('sha256').update(body).digest('hex')))
  }
  return {
    name: 'signing of 2 KB, beyond the hash of the body',
    value: median(signing) - median(hashing),
    unit: 'µs',
    target: 60,
  }
}

async function microseconds(work: (call: number) => unknown): Promise<number> {
  const before = process.cpuUsage()
  for (let call = 0; call < TIMES; call++) await work(call)
  const { user, system } = process.cpuUsage(before)
  return (user + system) / TIMES
}

/** Of the second half of the rounds: the first lets the compiler finish. */
const median = (rounds: number[]): number =>
  rounds.slice(ROUNDS).toSorted((left, right) => left - right)[Math.floor(ROUNDS / 2)] ?? Number.NaN
