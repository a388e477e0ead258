import { describe, expect, test } from 'bun:test'
import { azureAddress, vertexAddress } from './cloud-addresses.ts'

describe('addresses of Vertex AI', () => {
  test.each([
    ['europe-west1', 'https://europe-west1-aiplatform.googleapis.com'],
    ['global', 'https://aiplatform.googleapis.com'],
    ['us', 'https://aiplatform.us.rep.googleapis.com'],
    ['eu', 'https://aiplatform.eu.rep.googleapis.com'],
  ])('in region %s', (region, host) => {
    const place = { project: 'p', region }
    expect(vertexAddress(place, 'gemini')).toBe(`${host}/v1/projects/p/locations/${region}/publishers/google`)
    expect(vertexAddress(place, 'anthropic')).toBe(`${host}/v1/projects/p/locations/${region}/publishers/anthropic`)
    expect(vertexAddress(place, 'openai')).toBe(`${host}/v1/projects/p/locations/${region}/endpoints/openapi`)
  })

  test('at a host of the operator, with or without the version', () => {
    for (const base of ['https://proxy.test/google', 'https://proxy.test/google/v1/'])
      expect(vertexAddress({ base_url: base, project: 'p', region: 'us' }, 'gemini')).toBe(
        'https://proxy.test/google/v1/projects/p/locations/us/publishers/google',
      )
  })

  test('need a project and a region', () => {
    expect(vertexAddress({ project: 'p' }, 'gemini')).toBeUndefined()
    expect(vertexAddress({ region: 'us' }, 'gemini')).toBeUndefined()
  })
})

describe('addresses of Azure', () => {
  test('of a resource', () => {
    expect(azureAddress({ resource: 'r' }, 'openai')).toBe('https://r.openai.azure.com/openai/v1')
    expect(azureAddress({ resource: 'r', api_version: '2024-10-21' }, 'openai')).toBe(
      'https://r.openai.azure.com/openai?api-version=2024-10-21',
    )
    expect(azureAddress({ resource: 'r' }, 'anthropic')).toBe('https://r.services.ai.azure.com/anthropic')
    expect(azureAddress({}, 'openai')).toBeUndefined()
  })

  test.each([
    ['https://r.openai.azure.com', 'https://r.openai.azure.com/openai/v1'],
    ['https://r.openai.azure.com/openai/v1/', 'https://r.openai.azure.com/openai/v1'],
    ['https://r.services.ai.azure.com/openai/v1/chat/completions', 'https://r.services.ai.azure.com/openai/v1'],
    [
      'https://r.openai.azure.com/openai/deployments/gpt/chat/completions?api-version=2025-01-01-preview',
      'https://r.openai.azure.com/openai?api-version=2025-01-01-preview',
    ],
    ['https://apim.test/team/openai', 'https://apim.test/team/openai/v1'],
  ])('copied as %s', (base, expected) => {
    expect(azureAddress({ base_url: base }, 'openai')).toBe(expected)
  })
})
