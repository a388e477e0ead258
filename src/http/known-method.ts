const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])

/** The method when it is a usual one; anything else is a stranger's text, which is neither shown nor logged. */
export const knownMethod = (method: string): string => (METHODS.has(method) ? method : 'another')
