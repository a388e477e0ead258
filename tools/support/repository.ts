import { dirname, join } from 'node:path'

/** The folder that holds package.json. */
export const ROOT = dirname(dirname(import.meta.dir))

export const fromRoot = (...parts: string[]): string => join(ROOT, ...parts)
