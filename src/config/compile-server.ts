import { parseBind } from '../http/bind-address.schema.ts'
import type { ServerSettings } from '../http/server.settings.schema.ts'
import { Secret } from '../lib/secret.ts'
import { compileApiKeys } from './compile-api-keys.ts'
import type { CompileContext, ConfigParts } from './compile-context.ts'
import { configuredPath } from './locate.ts'
import type { ConfigNotes } from './problem.ts'
import { readPem } from './read-pem.ts'
import { showText } from './secrecy.ts'

/** `server.*` and `api_keys`, ready for the HTTP layer. Whether an open address may be served is decided there. */
export function compileServer(parts: ConfigParts, context: CompileContext, notes: ConfigNotes): ServerSettings {
  const { server } = parts
  const { host, port } = addressOf(parts, context, notes)
  return {
    host,
    port,
    apiKeys: compileApiKeys(parts, context, notes),
    allowOpenAdmin: server.allow_open_admin,
    maxRequestBytes: server.max_request_bytes ?? undefined,
    maxResponseBytes: server.max_response_bytes ?? undefined,
    maxBufferedBytes: server.max_buffered_bytes ?? undefined,
    maxJsonDepth: server.max_json_depth,
    maxJsonNodes: server.max_json_nodes,
    stream: { commitAfterMs: server.stream.commit_after_ms, pingMs: server.stream.ping_ms, holdBytes: server.stream.hold_bytes },
    drainMs: server.shutdown.drain_ms,
    workers: server.workers,
    egressEnabled: server.egress_enabled,
    trustedProxies: server.trusted_proxies,
    publicUrl: server.public_url?.replace(/\/+$/, ''),
    basePath: server.base_path.replace(/\/$/, ''),
    tls: tlsOf(parts, context, notes),
    idempotency: {
      leaseMs: server.idempotency.inflight_ttl_ms,
      ttlMs: server.idempotency.ttl_secs * 1000,
      maxKeys: server.idempotency.max_keys,
      keepsAnswers: server.idempotency.persist_response_bodies,
    },
    corsOrigins: server.cors.origins.map((origin) => new URL(origin).origin),
  }
}

/** The address to listen on; `--bind` goes before the file. */
export function addressOf(parts: ConfigParts, context: CompileContext, notes?: ConfigNotes): { host: string; port: number } {
  const text = context.bind ?? parts.server.bind
  const address = parseBind(text)
  if (address !== undefined) return address
  notes?.problem(
    ['server', 'bind'],
    `${showText(text)} is no address to listen on. Write host and port, such as 127.0.0.1:8765 or [::1]:8765.`,
  )
  return { host: '127.0.0.1', port: 0 }
}

function tlsOf(parts: ConfigParts, context: CompileContext, notes: ConfigNotes): ServerSettings['tls'] {
  const { tls } = parts.server
  if (tls === undefined) return undefined
  const read = (name: 'cert_file' | 'key_file', label: string): string | undefined => {
    const pem = readPem(configuredPath(tls[name], context), label, context)
    if ('problem' in pem) notes.problem(['server', 'tls', name], pem.problem)
    return 'text' in pem ? pem.text : undefined
  }
  const cert = read('cert_file', 'CERTIFICATE')
  const key = read('key_file', 'PRIVATE KEY')
  return cert === undefined || key === undefined ? undefined : { cert, key: new Secret(key) }
}
