/** A call that waits for its result. */
interface OpenCall {
  readonly id: string
  readonly name: string
  /** The client gave it this id itself. */
  readonly given: boolean
}

/** The id of a call without one: made of its place, so that it is the same in every turn. */
export function placedId(path: string): string {
  return `placed${path.replaceAll(/[^\d]+/g, '_')}`
}

/**
 * Ids of the calls of a conversation. The format pairs a call with its result by id where both have one, else by the name of the
 * function and by order.
 */
export class CallIds {
  private open: OpenCall[] = []

  called(given: string | undefined, name: string, path: string): string {
    const id = given === undefined || given === '' ? placedId(path) : given
    this.open.push({ id, name, given: id === given })
    return id
  }

  /** The call that a result belongs to. One that answers no call has an id of its own place, and no name of a call. */
  answered(given: string | undefined, name: string, path: string): { readonly id: string; readonly name?: string } {
    const place = this.open.findIndex((call) => (given !== undefined && given !== '' ? call.id === given : call.name === name))
    // A client may give its results ids of its own although the calls had none.
    const fallback = place >= 0 ? place : this.open.findIndex((call) => !call.given && call.name === name)
    if (fallback < 0) return { id: given === undefined || given === '' ? placedId(path) : given }
    const [call] = this.open.splice(fallback, 1)
    return { id: call!.id, name: call!.name }
  }
}
