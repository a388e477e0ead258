import { describe, expect, test } from 'bun:test'
import { exampleAdjustment, exampleParty, exampleSettlement, TEN } from '../../state/ledger/conformance.ts'
import { createMemoryLedger } from '../../state/ledger/memory.ts'
import { compareInvoice } from './compare-invoice.ts'
import { parseInvoice } from './invoice-csv.ts'

describe('an invoice', () => {
  test('is read with quotes, currency marks, credits and sums of a day', () => {
    const text =
      '\ufeffDate,Model,"Cost (USD)"\r\n2026-06-10,gpt-5,"$1,200.5"\r\n2026-06-10T11:00:00Z,gpt-5,0.25\r\n2026-06-11,"a, ""b""",-1\r\n\r\n'
    expect(parseInvoice(text)).toEqual([
      { day: '2026-06-10', model: 'gpt-5', nanos: 1_200_750_000_000 },
      { day: '2026-06-11', model: 'a, "b"', nanos: -1_000_000_000 },
    ])
  })

  test.each([
    ['semicolons', 'day;model;amount_usd\n2026-06-10;m;0.000000001'],
    ['tabs, without a line end', 'start_time\tmodel_id\tspend\n1781049600\tm\t1e-9'],
    ['a currency beside a column that is in dollars', 'date,model,CostInUsd,BillingCurrency\n2026-06-10,m,0.000000001,EUR'],
    ['more decimals than a nano-dollar has', 'date,model,cost\n2026-06-10,m,0.00000000123456'],
  ])('is read with %s', (_name, text) => {
    expect(parseInvoice(text)).toEqual([{ day: '2026-06-10', model: 'm', nanos: 1 }])
  })

  test('with columns of other names is read when they are named', () => {
    const text = 'Tag,Modell,Betrag\n2026-06-10,m,1'
    expect(() => parseInvoice(text)).toThrow(/looks like the day.*Tag, Modell, Betrag.*day_column/)
    expect(() => parseInvoice(text, { day: 'Tagg', model: 'Modell', cost: 'Betrag' })).toThrow(/Did you mean Tag\?/)
    expect(parseInvoice(text, { day: 'Tag', model: 'Modell', cost: 'Betrag' })).toHaveLength(1)
  })

  test.each([
    ['', /is empty/],
    ['date,model,cost\nyesterday,m,1', /Line 2 .* no day/],
    ['date,model,cost\n2026-06-10,m,1\n2026-06-10,,1', /Line 3 .* names no model/],
    ['date,model,cost\n2026-06-10,m,free', /Line 2 .* no amount/],
    ['date,model,cost\n2026-06-10,"m,1', /quotes/],
    ['date,model,cost\n', /no charge/],
    ['date,model,cost\n2026-06-10,m,Infinity', /Line 2 .* no amount/],
    ['date,model,cost\n2026-06-10,m,0x10', /Line 2 .* no amount/],
    ['date,model,cost\n2026-06-10,m,--5', /Line 2 .* no amount/],
    ['date;model;cost\n2026-06-10;m;0,05', /Line 2 .* behind a point/],
    ['date;model;cost\n2026-06-10;m;1.234,50', /Line 2 .* behind a point/],
    ['date,model,cost\n2026-06-10,m,"1,234"', /Line 2 .* behind a point/],
    ['date,model,cost,currency\n2026-06-10,m,1,USD\n2026-06-10,m,1,EUR', /Line 3 .* in EUR.*US dollars/],
  ])('that is none is refused: %j', (text, message) => {
    expect(() => parseInvoice(text)).toThrow(message)
  })
})

describe('an invoice without end', () => {
  test('is refused, as reading it would hold up those who are served', () => {
    const lines = '2026-06-10,m,1\n'.repeat(100_000)
    expect(() => parseInvoice(`date,model,cost\n${lines}`)).toThrow(/more than 100000 lines.*in pieces/)
  })

  test('of columns is told by the first of them', () => {
    const header = Array.from({ length: 40 }, (_unused, index) => `c${index}`).join(',')
    expect(() => parseInvoice(header)).toThrow(/c28, c29 …\./)
  })
})

describe('an invoice beside the ledger', () => {
  test('shows for each model and day how far they are apart, the furthest first', async () => {
    const store = createMemoryLedger()
    await store.write([
      exampleSettlement('req_a.0', { nanos: 1_000_000_000 }),
      exampleSettlement('req_b.0', { nanos: 2_000_000_000 }),
      exampleAdjustment('req_b.0', { nanos: 500_000_000, at: TEN }),
      exampleSettlement('req_c.0', { nanos: undefined, party: { ...exampleParty, model: 'unbilled' } }),
      exampleSettlement('req_d.0', { nanos: 7_000_000_000, party: { ...exampleParty, provider: 'other' } }),
      exampleSettlement('req_e.0', { nanos: 9_000_000_000, at: TEN + 40 * 86_400_000 }),
    ])
    const invoice = parseInvoice('date,model,cost\n2026-06-10,Large-2026-01-01,3.85\n2026-06-09,ghost,1.5\n')
    expect(await compareInvoice(store, 'acme', invoice)).toEqual({
      schema: 'switchback.invoice/v1',
      provider: 'acme',
      since: '2026-06-09T00:00:00.000Z',
      until: '2026-06-11T00:00:00.000Z',
      invoice_nanos: 5_350_000_000,
      ledger_nanos: 3_500_000_000,
      difference_nanos: 1_850_000_000,
      difference_usd: '1.85',
      difference_percent: 52.86,
      lines: [
        {
          day: '2026-06-09',
          model: 'ghost',
          invoice_nanos: 1_500_000_000,
          difference_nanos: 1_500_000_000,
          unknown_cost: 0,
          lost: 0,
        },
        {
          day: '2026-06-10',
          model: 'Large-2026-01-01',
          ledger_models: ['large'],
          invoice_nanos: 3_850_000_000,
          ledger_nanos: 3_500_000_000,
          difference_nanos: 350_000_000,
          difference_percent: 10,
          unknown_cost: 0,
          lost: 0,
        },
        { day: '2026-06-10', model: 'unbilled', ledger_nanos: 0, difference_nanos: 0, unknown_cost: 1, lost: 0 },
      ],
    })
  })
})
