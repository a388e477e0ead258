/**
 * Branded ids: strings the compiler keeps apart. A swapped tenant or account id is a security fault, so it must not type-check.
 */
declare const brand: unique symbol

type Branded<Name extends string> = string & { readonly [brand]: Name }

/** `req_` + 32 hex digits; also the key of the request's record. */
export type RequestId = Branded<'RequestId'>
/** `<request id>.<n>`: the n-th attempt of a request, from 0, in the order in which they begin. */
export type AttemptId = Branded<'AttemptId'>
/** `provider/model`; the model part may hold slashes. */
export type TargetId = Branded<'TargetId'>
export type ProviderId = Branded<'ProviderId'>
export type AccountId = Branded<'AccountId'>
export type TenantId = Branded<'TenantId'>
export type ApiKeyId = Branded<'ApiKeyId'>

export const asRequestId = (value: string): RequestId => value as RequestId
export const asProviderId = (value: string): ProviderId => value as ProviderId
export const asAccountId = (value: string): AccountId => value as AccountId
export const asTenantId = (value: string): TenantId => value as TenantId
export const asApiKeyId = (value: string): ApiKeyId => value as ApiKeyId

export const attemptIdOf = (request: RequestId, number: number): AttemptId => `${request}.${number}` as AttemptId

/** Joins a provider and a model to the id of a target. */
export const targetIdOf = (provider: string, model: string): TargetId => `${provider}/${model}` as TargetId

/** The provider a target belongs to: what stands before the first slash of its id. */
export const providerOf = (target: TargetId): ProviderId => asProviderId(target.slice(0, target.indexOf('/')))
