/** What is there at once, or comes later. */
export type Eventually<Value> = Value | Promise<Value>

/** What follows from a value: at once where that is there, so that nobody waits a turn for nothing. */
export function whenever<Value, Next>(value: Eventually<Value>, follow: (value: Value) => Eventually<Next>): Eventually<Next> {
  return value instanceof Promise ? value.then(follow) : follow(value)
}
