import { durationWords } from './story-words.ts'
import type { Story } from './tell-story.ts'

const TIME_WIDTH = 12

/** A story as lines for a terminal. The first line is the verdict. */
export function renderStory(story: Story): string {
  const lines = [story.verdict, story.subject, '']
  for (const step of story.steps) {
    const time = step.at_ms === undefined ? '' : durationWords(step.at_ms)
    lines.push(`${time.padStart(TIME_WIDTH)}  ${step.text}`)
  }
  return lines.join('\n')
}
