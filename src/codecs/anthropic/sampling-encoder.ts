import type { JsonObject } from '../../ir/json.ts'
import { reportForeignSampling } from '../foreign-fields.ts'
import { fieldPath, type EncodeContext } from './encode-context.ts'

/** With thinking on, the API takes `top_p` in this range only, and no other sampling control. */
const MIN_TOP_P_WHEN_THINKING = 0.95

export function encodeSampling(body: JsonObject, isThinking: boolean, context: EncodeContext): void {
  const { sampling } = context.request
  const { report } = context
  if (context.target.facts.sampling === false) {
    const message = 'the model takes no sampling controls'
    if (sampling.temperature !== undefined)
      report.edited('sampling.temperature', fieldPath(context, 'sampling.temperature'), message)
    if (sampling.topP !== undefined) report.edited('sampling.top_p', fieldPath(context, 'sampling.top_p'), message)
    if (sampling.topK !== undefined) report.edited('sampling.top_k', fieldPath(context, 'sampling.top_k'), message)
  } else {
    encodeTemperature(body, isThinking, context)
    encodeTopP(body, isThinking, context)
    if (sampling.topK !== undefined) {
      if (isThinking)
        report.edited('sampling.top_k', fieldPath(context, 'sampling.top_k'), 'thinking excludes this sampling control')
      else body['top_k'] = sampling.topK
    }
  }
  encodeStop(body, context)
  reportForeignSampling(context.request, context.report)
}

function encodeTemperature(body: JsonObject, isThinking: boolean, context: EncodeContext): void {
  const { temperature } = context.request.sampling
  if (temperature === undefined) return
  if (isThinking && temperature !== 1) {
    context.report.edited('sampling.temperature', fieldPath(context, 'sampling.temperature'), 'thinking excludes a temperature')
    return
  }
  if (temperature > 1 && !context.isNative)
    context.report.rewritten(
      'sampling.temperature',
      fieldPath(context, 'sampling.temperature'),
      'the highest temperature of the format is 1',
    )
  body['temperature'] = context.isNative ? temperature : Math.min(temperature, 1)
}

function encodeTopP(body: JsonObject, isThinking: boolean, context: EncodeContext): void {
  const { topP } = context.request.sampling
  if (topP === undefined) return
  if (isThinking && topP < MIN_TOP_P_WHEN_THINKING) {
    context.report.edited('sampling.top_p', fieldPath(context, 'sampling.top_p'), 'thinking excludes a low top_p')
    return
  }
  if (body['temperature'] === undefined || context.isNative) {
    body['top_p'] = topP
    return
  }
  // Newer models refuse the two together; whichever stands at its neutral value goes.
  if (body['temperature'] === 1 && topP !== 1) {
    context.report.edited(
      'sampling.temperature',
      fieldPath(context, 'sampling.temperature'),
      'temperature and top_p exclude each other',
    )
    delete body['temperature']
    body['top_p'] = topP
  } else {
    context.report.edited('sampling.top_p', fieldPath(context, 'sampling.top_p'), 'temperature and top_p exclude each other')
  }
}

function encodeStop(body: JsonObject, context: EncodeContext): void {
  const { stop } = context.request.sampling
  if (stop === undefined) return
  const visible = stop.filter((sequence) => sequence.trim() !== '')
  if (visible.length < stop.length)
    context.report.lost(
      'sampling.stop',
      fieldPath(context, 'sampling.stop'),
      'stop sequences of white space only are refused by the format',
    )
  if (visible.length > 0 || stop.length === 0) body['stop_sequences'] = visible.length === stop.length ? stop : visible
}
