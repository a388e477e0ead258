/** Route names can come from clients, so that their number is bounded. */
const MOST_ROUTES = 4_096

/** How many calls each route has served in turns. */
export class RouteCursors {
  private readonly cursors = new Map<string, number>()

  /** Reading does not count, so that a preview changes nothing. */
  readonly at = (route: string): number => this.cursors.get(route) ?? 0

  advance(route: string): void {
    if (this.cursors.size >= MOST_ROUTES && !this.cursors.has(route)) this.cursors.clear()
    this.cursors.set(route, (this.at(route) + 1) % Number.MAX_SAFE_INTEGER)
  }
}
