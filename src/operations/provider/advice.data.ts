import type { ErrorCode } from '../../errors/codes.ts'

/** What to do when an upstream cannot be called, by the code of the error table. */
export const ADVICE: Readonly<Partial<Record<ErrorCode, string>>> = {
  upstream_authentication:
    'Issue a new key at the vendor and store it ("switchback vault set", or the variable); check that it belongs to this address.',
  upstream_permission: 'Give the key the right to use this model at the vendor, or choose another model.',
  upstream_payment_required: 'Fill the account up at the vendor.',
  upstream_quota_exceeded: 'Raise the quota at the vendor, or wait until it is renewed.',
  upstream_rate_limited: 'Wait, and try again; add a second account when it happens often.',
  upstream_model_not_found: 'Name a model that the upstream has: "switchback provider models ID" lists them.',
  upstream_overloaded: 'The upstream is busy. Try again later.',
  upstream_server_error: 'The upstream has a fault of its own. Look at its status page, and try again later.',
  upstream_connect_failed: 'Check base_url, the network, and proxies on the way.',
  upstream_timeout: 'The upstream took too long. Try a smaller model, or raise server.timeouts.',
  upstream_stream_interrupted:
    'Something on the way cuts streams off. Look for proxies that buffer or limit the time of answers.',
  upstream_bad_response: 'Check base_url and format: whatever answers there speaks something else.',
  upstream_invalid_request: 'The upstream does not take what its format allows: describe it by `quirks` of the provider.',
  credential_rejected: 'Log in again: the refresh token or key of this account is no longer accepted.',
  credential_unavailable: 'Check the token endpoint of this account, and the network to it.',
}

/** What to do about a certificate that is not accepted, by the code of the TLS library. */
export const TLS_ADVICE: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED:
    'The certificate of the server has expired. Whoever runs it has to renew it; check the clock of this machine too.',
  CERT_NOT_YET_VALID: 'The certificate is not valid yet. Check the clock of this machine.',
  DEPTH_ZERO_SELF_SIGNED_CERT:
    'The server signed its certificate itself. Name the certificate of your authority by `ca_file` of the provider, or give it to this machine (NODE_EXTRA_CA_CERTS).',
  SELF_SIGNED_CERT_IN_CHAIN:
    'A proxy or a private authority signed the certificate. Name its certificate by `ca_file` of the provider, or give it to this machine (NODE_EXTRA_CA_CERTS).',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    'The authority behind the certificate is not known here, or the server does not send the whole chain.',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    'The authority behind the certificate is not known here. Name its certificate by `ca_file` of the provider, or give it to this machine (NODE_EXTRA_CA_CERTS).',
  ERR_TLS_CERT_ALTNAME_INVALID: 'The certificate is for another host. Check the host of base_url.',
  timeout: 'Nothing answered the handshake. Is this the port of an HTTPS server?',
}
