import type { LlmResponse } from '../../../ir/response.ts'
import {
  answers,
  callsAtMost,
  callsNone,
  callsOf,
  callsTools,
  closesBlocks,
  endsWithCalls,
  givesArguments,
  namesCalls,
  says,
  saysSomething,
  streamsArguments,
  tellsUsage,
  writesJson,
} from '../expectations.ts'
import { both, called, CLOCK, result, system, tool, turn, user, once, WEATHER } from '../probe-parts.ts'
import type { Probe, ProbeRequest } from '../probe.types.ts'

const ASK = user('What is the weather in Paris? Use the tool.')
const ASK_BOTH = user('What is the weather in Paris, and what time is it there? Call both tools at once.')
const NOTE = tool('write_note', 'Writes a note down.', {
  text: { type: 'string', description: 'The note: at least three sentences.' },
})
const ORDER = tool('place_order', 'Places an order.', {
  items: {
    type: 'array',
    minItems: 1,
    items: {
      type: 'object',
      properties: { name: { type: 'string' }, count: { type: 'integer', minimum: 1 } },
      required: ['name', 'count'],
      additionalProperties: false,
    },
  },
  speed: { type: 'string', enum: ['slow', 'fast'] },
})
const REFRESH = tool('refresh', 'Refreshes everything.', {})

function fitsOrder({ items, speed }: Readonly<Record<string, unknown>>): boolean {
  const [first] = Array.isArray(items) ? (items as unknown[]) : []
  const { name, count } = (first ?? {}) as Record<string, unknown>
  return typeof name === 'string' && Number.isInteger(count) && (speed === 'slow' || speed === 'fast')
}

/** The turn after the calls of an answer: each with a result. */
function answered({ choices }: LlmResponse): ProbeRequest | undefined {
  const content = choices[0]?.content ?? []
  const calls = callsOf({ response: { choices } })
  if (calls.length === 0) return undefined
  return {
    messages: [
      ASK,
      turn(...content),
      ...calls.map(({ id, name }) => result(id, name, '17 degrees')),
      user('How many degrees is that? Reply with the number.'),
    ],
    tools: [WEATHER],
  }
}

const WANTS = { wants: 'toolCalling', group: 'tools' } as const

/** Calls of tools, and what they gave. */
export const TOOL_PROBES: readonly Probe[] = [
  ...both(
    {
      id: 'tools.call',
      ...WANTS,
      about: 'A tool is called when one has to be.',
      request: { messages: [ASK], tools: [WEATHER], toolChoice: { type: 'required' } },
      expects: [
        answers,
        callsTools('get_weather'),
        namesCalls,
        writesJson,
        givesArguments(({ city }) => typeof city === 'string'),
      ],
    },
    [closesBlocks],
  ),
  ...both({
    id: 'tools.finish',
    ...WANTS,
    about: 'An answer that calls a tool ends with that reason, and tells what it used.',
    request: { messages: [ASK], tools: [WEATHER], toolChoice: { type: 'required' } },
    expects: [answers, endsWithCalls, tellsUsage],
  }),
  ...both({
    id: 'tools.named',
    ...WANTS,
    about: 'The tool that is named is the one that is called.',
    request: { messages: [ASK], tools: [WEATHER, CLOCK], toolChoice: { type: 'named', name: 'get_time', toolType: 'function' } },
    expects: [answers, callsTools('get_time'), writesJson],
  }),
  ...both({
    id: 'tools.none',
    ...WANTS,
    about: 'No tool is called when none may be.',
    request: { messages: [ASK], tools: [WEATHER], toolChoice: { type: 'none' } },
    expects: [answers, callsNone, saysSomething],
  }),
  once({
    id: 'tools.auto',
    ...WANTS,
    about: 'A question that needs no tool is answered without one.',
    request: {
      messages: [system('Use tools only when they are needed.'), user('Reply with exactly this and nothing else: pong')],
      tools: [WEATHER],
    },
    expects: [answers, callsNone, saysSomething],
  }),
  ...both(
    {
      id: 'tools.parallel',
      group: 'tools',
      wants: 'parallelToolCalls',
      about: 'Two tools are called in one turn, and can be told apart.',
      request: { messages: [ASK_BOTH], tools: [WEATHER, CLOCK], toolChoice: { type: 'required' }, parallelToolCalls: true },
      expects: [answers, callsTools('get_weather', 'get_time'), namesCalls, writesJson],
    },
    [closesBlocks],
  ),
  ...both({
    id: 'tools.serial',
    group: 'tools',
    wants: 'parallelToolCalls',
    about: 'One tool is called in a turn when no more is allowed.',
    request: { messages: [ASK_BOTH], tools: [WEATHER, CLOCK], toolChoice: { type: 'required' }, parallelToolCalls: false },
    expects: [answers, callsAtMost(1), writesJson],
  }),
  {
    id: 'tools.arguments.stream',
    kind: 'call',
    ...WANTS,
    about: 'Long arguments of a call come as they are written.',
    stream: true,
    request: {
      messages: [user('Write a note of five sentences about the sea.')],
      tools: [NOTE],
      toolChoice: { type: 'required' },
    },
    expects: [answers, callsTools('write_note'), writesJson, streamsArguments],
  },
  ...both({
    id: 'tools.nested',
    ...WANTS,
    about: 'Arguments with lists, numbers and fixed values fit their schema.',
    request: { messages: [user('Order two apples and one pear, fast.')], tools: [ORDER], toolChoice: { type: 'required' } },
    expects: [answers, callsTools('place_order'), givesArguments(fitsOrder)],
  }),
  once({
    id: 'tools.empty',
    ...WANTS,
    about: 'A tool without parameters is called with an empty object.',
    request: { messages: [user('Refresh everything.')], tools: [REFRESH], toolChoice: { type: 'required' } },
    expects: [answers, callsTools('refresh'), writesJson],
  }),
  ...both({
    id: 'tools.result',
    ...WANTS,
    about: 'What a tool gave is known.',
    request: {
      messages: [
        ASK,
        turn(called('call_1', 'get_weather', { city: 'Paris' })),
        result('call_1', 'get_weather', '17 degrees'),
        user('How many degrees is that? Reply with the number.'),
      ],
      tools: [WEATHER],
    },
    expects: [answers, says(/17/)],
  }),
  once({
    id: 'tools.results',
    group: 'tools',
    wants: 'parallelToolCalls',
    about: 'What two tools gave is known.',
    request: {
      messages: [
        ASK_BOTH,
        turn(called('call_1', 'get_weather', { city: 'Paris' }), called('call_2', 'get_time', { city: 'Paris' })),
        result('call_1', 'get_weather', '17 degrees'),
        result('call_2', 'get_time', 'noon'),
        user('How many degrees is that? Reply with the number.'),
      ],
      tools: [WEATHER, CLOCK],
    },
    expects: [answers, says(/17/)],
  }),
  once({
    id: 'tools.failure',
    ...WANTS,
    about: 'A tool that failed is taken as an answer.',
    request: {
      messages: [
        ASK,
        turn(called('call_1', 'get_weather', { city: 'Paris' })),
        result('call_1', 'get_weather', 'The service is down.', true),
        user('Reply with exactly this and nothing else: pong'),
      ],
      tools: [WEATHER],
    },
    expects: [answers, saysSomething],
  }),
  ...both({
    id: 'tools.replay',
    ...WANTS,
    about: "The model's own call goes back to it with the result.",
    request: { messages: [ASK], tools: [WEATHER], toolChoice: { type: 'required' } },
    next: answered,
    expects: [answers, says(/17/)],
  }),
]
