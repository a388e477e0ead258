import { expect, test } from 'bun:test'
import type { ToolDefinition } from '../ir/tool.ts'
import { flattenNamespaces, resolveToolName, ToolNames } from './namespaces.ts'

const tools: ToolDefinition[] = [
  { type: 'function', name: 'docs__find' },
  {
    type: 'namespace',
    name: 'docs',
    tools: [
      { type: 'function', name: 'find' },
      { type: 'custom', name: 'edit' },
      { type: 'hosted', kind: 'x', origin: 'responses', raw: {} },
    ],
  },
  { type: 'namespace', name: 'n'.repeat(60), tools: [{ type: 'function', name: 'long_name' }] },
  { type: 'function', name: 'has.dot' },
]

test('flat names are valid, unique, and lead back to the tools they stand for', () => {
  const names = new ToolNames(tools)
  const { tools: flat, namespaces, renamed } = flattenNamespaces(tools, names)
  const wire = flat.flatMap((tool) => (tool.type === 'hosted' ? [] : [tool.name]))
  expect(new Set(wire).size).toBe(wire.length)
  for (const name of wire) expect(name).toMatch(/^[A-Za-z0-9_-]{1,64}$/)
  expect(flat).toHaveLength(6)
  expect(namespaces).toHaveLength(2)
  expect(renamed.map((entry) => entry.tool.name)).toEqual(['has.dot'])
  expect(names.wireName('edit', 'docs')).toBe('docs__edit')
  expect(names.resolve('docs__find')).toMatchObject({ name: 'docs__find' })
  expect(names.resolve(names.wireName('find', 'docs'))).toMatchObject({ name: 'find', namespace: 'docs' })
  const request = { model: 'm', messages: [], sampling: {}, stream: false, tools }
  expect(resolveToolName(request, names.wireName('long_name', 'n'.repeat(60)))).toMatchObject({
    name: 'long_name',
    namespace: 'n'.repeat(60),
  })
  expect(resolveToolName(request, 'nobody')).toEqual({ name: 'nobody' })
})

test('the same tool has the same flat name in every turn, defined or not', () => {
  expect(new ToolNames(undefined).wireName('has.dot')).toBe(new ToolNames(tools).wireName('has.dot'))
  expect(new ToolNames(undefined).wireName('edit', 'docs')).toBe('docs__edit')
})

test('tools that need no change stay the same objects', () => {
  expect(flattenNamespaces(tools).tools[0]).toBe(tools[0] as never)
})
