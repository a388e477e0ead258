/** Where a configuration came from: a file, keys in the environment, the built-in mock, an embedding program, or somebody who published it. */
export type RevisionSource = 'file' | 'environment' | 'builtin' | 'object' | 'published'
