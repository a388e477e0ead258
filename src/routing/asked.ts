import { requestNeeds, type RequestNeed } from '../ir/need.ts'
import type { DecisionQuestion } from '../ir/question.ts'
import type { UnknownPrice } from '../ir/routing-policy.ts'
import type { Route, RoutingSnapshot } from '../ir/snapshot.ts'

/** What a request and its route ask of every candidate. */
export class Asked {
  readonly snapshot: RoutingSnapshot
  readonly route: Route
  readonly question: DecisionQuestion
  /** The lowest of all price ceilings, in nano-dollars for a million input and a million output tokens. */
  readonly maxPrice: number | undefined
  readonly unknownPrice: UnknownPrice
  readonly deniedLanes: readonly string[]
  private cachedNeeds: ReadonlySet<RequestNeed> | undefined = undefined

  constructor(snapshot: RoutingSnapshot, route: Route, question: DecisionQuestion, profileLanes: readonly string[]) {
    this.snapshot = snapshot
    this.route = route
    this.question = question
    const { selection } = route
    this.maxPrice = lower(selection.maxPricePerMillion, question.hints?.maxPricePerMillion)
    this.unknownPrice = selection.unknownPrice
    this.deniedLanes = profileLanes.length === 0 ? selection.lanes.deny : [...selection.lanes.deny, ...profileLanes]
  }

  /** What the request needs by itself and what the route demands of every target. Reads the request's features once. */
  get needs(): ReadonlySet<RequestNeed> {
    if (this.cachedNeeds === undefined) {
      const needs = requestNeeds(this.question)
      for (const need of this.route.requirements?.needs ?? []) needs.add(need)
      this.cachedNeeds = needs
    }
    return this.cachedNeeds
  }

  /**
   * The catalogue can be wrong, and sizes are estimates. Its word chooses among several targets; the only one of a route is refused for what
   * its operator says alone, because the upstream itself knows better.
   */
  get heedsCatalogue(): boolean {
    return this.route.targets.length > 1
  }

  /** Whether the route itself demands it. */
  demands(need: RequestNeed): boolean {
    return this.route.requirements?.needs?.includes(need) === true
  }
}

const lower = (left: number | undefined, right: number | undefined): number | undefined =>
  left === undefined ? right : right === undefined ? left : Math.min(left, right)
