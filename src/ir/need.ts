/** What a request needs of a target. */
export const REQUEST_NEEDS = [
  'streaming',
  'tools',
  'parallel_tools',
  'json_schema',
  'vision',
  'vision_inline',
  'vision_url',
  'vision_file',
  'audio',
  'file',
  'hosted_tools',
  'reasoning',
  'reasoning_summary',
  'image_out',
] as const

export type RequestNeed = (typeof REQUEST_NEEDS)[number]
