import { renderStory } from '../render-story.ts'
import { safeText, visibleText } from '../story-words.ts'
import type { ProviderTest } from './test-provider.ts'

/** What came of a test call, and the story of it. */
export function renderTest({ ok, provider, model, text, error, story }: ProviderTest): string {
  const name = safeText(`${provider}/${model}`)
  const outcome = ok
    ? `${name} works. It said: ${text.trim() === '' ? '(nothing)' : safeText(text.trim())}`
    : `${name} does not work. ${visibleText(error ?? 'No reason was given.')}`
  return story === undefined ? outcome : `${outcome}\n\n${renderStory(story)}`
}
