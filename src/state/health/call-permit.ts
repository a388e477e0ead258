import type { Clock } from '../../lib/clock.ts'
import { evidenceOfProvider, evidenceOfTarget, type Evidence } from './evidence.ts'
import type { CircuitBreaker } from './circuit-breaker.ts'
import type { ProviderHealth } from './provider-health.ts'
import type { CallOutcome, CircuitChange, ProbeChange, HealthSettings, Permit } from './store.ts'
import type { TargetHealth } from './target-health.ts'

/** What permits need of the store they come from. */
export interface PermitContext {
  readonly clock: Pick<Clock, 'now' | 'wall'>
  /** As the newest configuration has it. */
  settings: HealthSettings
  /** Told of circuits that calls have opened or closed. */
  readonly onCircuit?: ((change: CircuitChange) => void) | undefined
  /** Told of probes that go out, and of those that end without telling anything. */
  readonly onProbe?: ((change: ProbeChange) => void) | undefined
}

/** One call under way: its slots, its tickets for both circuits, and whether it has been settled. */
export class CallPermit implements Permit {
  readonly admitted = true
  readonly probe: boolean
  private readonly context: PermitContext
  private readonly target: TargetHealth
  private readonly provider: ProviderHealth
  private readonly targetTicket: number
  private readonly providerTicket: number
  private settled = false

  /** Takes the slots and the tickets; whoever makes it has seen that there are some. */
  constructor(context: PermitContext, target: TargetHealth, provider: ProviderHealth, now: number) {
    this.context = context
    this.target = target
    this.provider = provider
    const isTargetProbe = target.circuit.state(now) === 'half_open'
    const isProviderProbe = provider.circuit.state(now) === 'half_open'
    this.probe = isTargetProbe || isProviderProbe
    this.targetTicket = target.circuit.admit(now)
    this.providerTicket = provider.circuit.admit(now)
    target.slots.enter()
    provider.slots.enter()
    if (isTargetProbe) context.onProbe?.({ scope: 'target', id: target.id, isOut: true })
    if (isProviderProbe) context.onProbe?.({ scope: 'provider', id: provider.id, isOut: true })
  }

  answering(): void {
    if (this.settled) return
    const now = this.context.clock.now()
    this.watch('target', this.target, now, () => this.target.circuit.answering(this.targetTicket))
    this.watch('provider', this.provider, now, () => this.provider.circuit.answering(this.providerTicket))
  }

  settle(outcome: CallOutcome): void {
    if (this.settled) return
    this.settled = true
    const now = this.context.clock.now()
    this.target.slots.leave()
    this.provider.slots.leave()
    this.target.learn(outcome, now, this.context.settings.scorecard)
    this.watch('target', this.target, now, () =>
      this.tell(this.target.circuit, this.targetTicket, evidenceOfTarget(outcome), now),
    )
    this.watch('provider', this.provider, now, () =>
      this.tell(this.provider.circuit, this.providerTicket, evidenceOfProvider(outcome), now),
    )
  }

  private watch(
    scope: CircuitChange['scope'],
    { id, circuit }: { readonly id: string; readonly circuit: CircuitBreaker },
    now: number,
    act: () => void,
  ): void {
    const before = circuit.openEnd
    const wasProbed = circuit.isProbed
    act()
    const after = circuit.openEnd
    if (wasProbed && !circuit.isProbed && before === after) this.context.onProbe?.({ scope, id, isOut: false })
    if (before !== after) this.context.onCircuit?.({ scope, id, openMs: after === undefined ? undefined : after - now })
  }

  private tell(circuit: CircuitBreaker, ticket: number, evidence: Evidence, now: number): void {
    const settings = this.context.settings.circuit
    if (!settings.enabled) return
    if (evidence === 'works') circuit.succeeded(ticket)
    else if (evidence === 'fails') circuit.failed(ticket, now, settings)
    else circuit.abstained(ticket)
  }
}
