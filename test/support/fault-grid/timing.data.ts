/** Time limits of the grid's routes, in ms. */
export const CONNECT_MS = 1_000
export const FIRST_TOKEN_MS = 4_000
/** Longest silence; also the limit of answers that come whole. */
export const SILENCE_MS = 6_000
/** First pause before a retry; jitter takes half of it, because the grid's random number is always one half. */
export const BASE_DELAY_MS = 100
/** Later than anything in the grid: what is told after an early 200 has tests of its own. */
export const COMMIT_AFTER_MS = 600_000
/** Precision of time limits. */
export const TICK_MS = 50
/** Between two frames of a slow stream, and between two pieces of a slow whole answer: never silent for too long, and longer in all. */
export const DRIP_MS = 3_500
export const WHOLE_DRIP_MS = 4_500
