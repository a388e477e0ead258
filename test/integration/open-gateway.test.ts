import { afterEach, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loaded, loadConfigText } from '../support/load-config-text.ts'
import { createGateway } from '../../src/app.ts'

const folder = mkdtempSync(join(tmpdir(), 'switchback-app-'))
afterEach(() => rmSync(folder, { recursive: true, force: true }))

test('a gateway that cannot open its state leaves the data directory to the next', () => {
  const path = join(folder, 'switchback.db')
  const config = loaded(loadConfigText(`providers: [{ id: mock, type: mock }]\nstate: { store: "${path}" }`)).compiled
  writeFileSync(path, 'this is no database')
  const open = (): unknown => createGateway({ config, dataDir: folder })
  expect(open).toThrow(expect.objectContaining({ code: 'state_unavailable' }))
  expect(open).toThrow(expect.objectContaining({ code: 'state_unavailable' }))
})
