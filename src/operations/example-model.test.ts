import { expect, test } from 'bun:test'
import { loaded, loadConfigText } from '../../test/support/load-config-text.ts'
import { exampleModel } from './example-model.ts'

const mock = (models: string): string =>
  exampleModel(loaded(loadConfigText(`providers: [{ id: mock, type: mock, models: [${models}] }]`)).compiled)

test('the example is the first model that clients may name', () => {
  expect(mock('tool, echo')).toBe('mock/tool')
})

test.each(['cut', 'fail-503', '{ name: down, fail_status: 500 }', '{ name: short, cut_after_chunks: 1 }'])(
  'but none that is there to fail: %s',
  (model) => {
    expect(mock(`${model}, tool`)).toBe('mock/tool')
  },
)

test('one that is configured under the name of one that fails does what it is told to', () => {
  expect(mock('{ name: cut, text: whole }')).toBe('mock/cut')
})
