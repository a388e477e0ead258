import type { CompileContext } from './compile-context.ts'
import { showText } from './secrecy.ts'

/** The text of a PEM file that holds a block of this kind, or what is wrong with it. */
export function readPem(path: string, label: string, context: CompileContext): { text: string } | { problem: string } {
  let text: string
  try {
    text = context.readText(path)
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable'
    return { problem: `The file ${showText(path)} cannot be read (${reason}). Check the path and its rights.` }
  }
  if (text.includes(`${label}-----`)) return { text }
  return { problem: `The file ${showText(path)} holds no PEM block with a ${label.toLowerCase()}. Check which file is meant.` }
}
