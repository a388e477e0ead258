import type { ConfigInput } from './schema.ts'

/** Served when there is neither a configuration nor a key: the same as `config/quickstart.yaml`. */
export const MOCK_CONFIG: ConfigInput = {
  server: { bind: '127.0.0.1:8765' },
  providers: [{ id: 'mock', type: 'mock' }],
  routes: [{ name: 'default', match: { model: '*' }, targets: ['mock/echo'] }],
}
