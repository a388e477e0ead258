/** Gives up an answer that nobody will read. Without it the connection stays open: neither runtime closes it soon by itself. */
export function discardBody(response: Response): void {
  if (response.body === null || response.bodyUsed || response.body.locked) return
  response.body.cancel().catch(() => {
    // the connection is already gone, which is what was wanted
  })
}
