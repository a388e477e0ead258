/** Public entry `switchback-gateway/routing`: pure routing, no I/O. */
export { decide, resolveRoute, type ResolvedRoute } from './decide.ts'
export type { DecisionQuestion } from './decision-question.ts'
export { explainDecision } from './explain-decision.ts'
export type { RouteDecision, RoutePlan, Rejection } from '../ir/decision.ts'
export type { RoutingSnapshot, Route } from '../ir/snapshot.ts'
