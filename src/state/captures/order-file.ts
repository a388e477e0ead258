import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { GatewayError } from '../../errors/gateway-error.ts'
import { isObject } from '../../ir/json.ts'
import type { CaptureOrder } from './store.ts'

const ORDER_FILE = 'capture.json'
const CAPTURE_ID = /^cap_[0-9a-f]{12}$/

/** Writes an order so that it is whole at any moment. */
export function writeOrder(folder: string, order: CaptureOrder): void {
  const path = join(folder, order.id, ORDER_FILE)
  writeFileSync(`${path}.new`, `${JSON.stringify(order)}\n`, { mode: 0o600 })
  renameSync(`${path}.new`, path)
}

/** Deletes a capture with its bodies. Throws `state_unavailable`; then some of them may be left. */
export function eraseCapture(folder: string, id: string): void {
  const path = join(folder, id)
  try {
    rmSync(path, { recursive: true, force: true })
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown reason'
    throw new GatewayError(
      'state_unavailable',
      `The bodies in ${path} cannot be deleted (${code}). Check the rights of the folder, or delete it by hand.`,
      { cause },
    )
  }
}

/**
 * The orders of a folder, oldest first. What cannot be read as one is taken for a capture without an order, and deleted. Throws
 * `state_unavailable` when that does not succeed.
 */
export function readOrders(folder: string): CaptureOrder[] {
  return namesIn(folder)
    .filter((name) => CAPTURE_ID.test(name))
    .flatMap((name) => {
      const order = readOrder(join(folder, name, ORDER_FILE))
      if (order?.id === name) return [order]
      eraseCapture(folder, name)
      return []
    })
    .sort((left, right) => left.startedAt - right.startedAt)
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    // Nothing was ever captured.
    return []
  }
}

function readOrder(path: string): CaptureOrder | undefined {
  try {
    const order: unknown = JSON.parse(readFileSync(path, 'utf8'))
    const isOrder = isObject(order) && typeof order['id'] === 'string' && Number.isFinite(order['until'])
    return isOrder && Array.isArray(order['recipients']) ? (order as unknown as CaptureOrder) : undefined
  } catch {
    // Without a readable order nobody can say for how long the bodies may be kept.
    return undefined
  }
}
