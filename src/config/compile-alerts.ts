import { durationMs } from '../lib/config-fields.ts'
import type { AlertsConfig, AlertSettings, Webhook } from '../observability/alerts/alerts.schema.ts'
import type { EgressTable } from './compile-egress.ts'
import type { CompileContext, ConfigParts } from './compile-context.ts'
import type { ConfigNotes } from './problem.ts'
import { resolveKey } from './resolve-key.ts'

/** `alerts`, with addresses resolved. A webhook whose address is not there is left out, with a warning. */
export function compileAlerts(
  { alerts }: ConfigParts,
  ways: EgressTable,
  context: CompileContext,
  notes: ConfigNotes,
): AlertSettings {
  const { webhooks, repeat, instance, rules } = alerts
  const seen = new Set<string>()
  for (const [index, { id }] of webhooks.entries()) {
    if (seen.has(id)) notes.problem(['alerts', 'webhooks', index, 'id'], `Two webhooks are named ${id}. Give each its own id.`)
    seen.add(id)
  }
  return {
    webhooks: webhooks.flatMap((webhook, index) =>
      compileWebhook(webhook, index, context, notes).map((compiled) => ({
        ...compiled,
        egress: ways.pathToService(compiled.url.reveal(), !webhook.allow_private),
      })),
    ),
    repeatMs: durationMs(repeat),
    instance,
    rules,
  }
}

function compileWebhook(
  { id, url, url_env: urlEnv, format, headers, only, resolved }: AlertsConfig['webhooks'][number],
  index: number,
  context: CompileContext,
  notes: ConfigNotes,
): Omit<Webhook, 'egress'>[] {
  const path = ['alerts', 'webhooks', index]
  const place = [...path, urlEnv === undefined ? 'url' : 'url_env']
  const found = resolveKey({ key_env: urlEnv, written: url }, context.env, place, notes)
  if (found.kind === 'invalid') return []
  if (found.kind === 'none') {
    notes.problem(path, 'The webhook has no address. Name the variable that holds it as `url_env`, or write `url`.')
    return []
  }
  if (found.kind === 'missing') {
    const names = found.variables.join(', ')
    notes.warning(place, `Nobody is told through this webhook, because ${names} is not set. Set it, or remove the entry.`)
    return []
  }
  if (!/^https?:\/\/[^/]/.test(found.secret.reveal()) || !URL.canParse(found.secret.reveal())) {
    const hint = urlEnv === undefined ? 'Write it whole, as https://hooks.example.com/…' : 'Check what the variable holds'
    notes.problem(place, `The address of the webhook is no http:// or https:// address. ${hint}.`)
    return []
  }
  return [{ id, url: found.secret, format, headers, only: only.length === 0 ? undefined : new Set(only), resolved }]
}
