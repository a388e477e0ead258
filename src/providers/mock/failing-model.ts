/** Names of built-in models of which no call succeeds. */
export const FAILING_MODEL = /^(?:cut|fail-\d+)$/
