import { expect, test } from 'bun:test'
import { CONNECTION_HEADERS, CREDENTIAL_HEADERS, HEADER_TABLES, REQUEST_ALWAYS, UPSTREAM_REQUEST_ID } from './header-tables.ts'

const crossing = Object.values(HEADER_TABLES).flatMap((table) => [
  ...table.request,
  ...table.requestToVendor,
  ...Object.keys(table.requestDefaults),
  ...table.response,
  ...table.responseToSameFormat,
])

test('no table lets a credential or a header of the connection cross', () => {
  const forbidden = [...crossing, ...REQUEST_ALWAYS, ...UPSTREAM_REQUEST_ID].filter(
    (name) => CREDENTIAL_HEADERS.has(name) || CONNECTION_HEADERS.has(name),
  )
  expect(forbidden).toEqual([])
})

test('all names are lower case, which is what look-ups rely on', () => {
  expect(crossing.filter((name) => name !== name.toLowerCase())).toEqual([])
})
