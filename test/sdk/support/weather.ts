/** Parameters of the tool that the scripted models call. */
export const WEATHER = {
  type: 'object' as const,
  properties: { city: { type: 'string' }, days: { type: 'integer' }, note: { type: 'string' } },
  required: ['city', 'days', 'note'],
  additionalProperties: false,
} satisfies Record<string, unknown>

const DEGREES: Readonly<Record<string, number>> = { Paris: 18, Oslo: 7, 'São Paulo': 25 }

/** Runs the tool; wrong when its input did not come through whole. */
export function resultFor(input: { city: string; days: number; note: string }): string {
  const isWhole = input.days === 3 && input.note === '"quoted" \\ ü'
  return isWhole ? `${DEGREES[input.city]} °C` : `changed input ${JSON.stringify(input)}`
}

/** A PNG of one pixel. */
export const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
