/** Where a value stands in the configuration: keys and list indexes from the top. */
export type ConfigPath = readonly (string | number)[]
