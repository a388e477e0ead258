import { GatewayError } from '../errors/gateway-error.ts'

/** The name stands in decisions and records, several times. */
const LONGEST_MODEL_NAME = 512

/** Throws `invalid_body` for a name that nobody gives a model. */
export function checkModelName(model: string): void {
  if (model.length > LONGEST_MODEL_NAME)
    throw new GatewayError('invalid_body', `The model name is longer than ${LONGEST_MODEL_NAME} characters.`, { param: 'model' })
}
