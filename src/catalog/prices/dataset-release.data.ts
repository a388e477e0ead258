/** The price dataset this version ships, by its release. A test holds it to the version pinned in `package.json`. */
export const DATASET_RELEASE = {
  name: '@pydantic/genai-prices',
  version: '0.1.8',
  /** Day the release was published. */
  asOf: '2026-09-23',
  source: 'https://github.com/pydantic/genai-prices',
  licence: 'MIT',
} as const
