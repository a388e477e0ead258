import { statSync } from 'node:fs'

/** Tells one content of a file from the next by age, size and inode: one system call of some microseconds. Undefined: there is no file. */
export function fileMark(path: string): string | undefined {
  const facts = statSync(path, { throwIfNoEntry: false })
  return facts === undefined ? undefined : `${facts.mtimeMs} ${facts.size} ${facts.ino}`
}
