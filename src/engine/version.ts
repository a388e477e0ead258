/** Version of the decision and execution logic; recorded so that a replay knows whether "identical" can be asked for. */
export const ENGINE_VERSION = '0.1.0'
