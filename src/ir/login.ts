/** What is kept of an account's login whose refresh token changes with each use. */
export interface KeptLogin {
  /** Tells which login of the configuration it goes back to. */
  readonly origin: string
  readonly refreshToken: string
  readonly accessToken: string
  /** Unix milliseconds; undefined when it is not known. */
  readonly expiresAt: number | undefined
}

/** Keeps logins for the other processes and for the next start. */
export interface LoginStore {
  /**
   * Runs the task alone, among all processes that share the store, for the login of this name, with what is kept of it. What the task gives is
   * kept before this resolves with it.
   */
  update(name: string, task: (kept: KeptLogin | undefined) => Promise<KeptLogin>): Promise<KeptLogin>
}
