/**
 * The certificate of `wss://` and of the media host, which Baileys reaches by `https://` only. One self-signed
 * certificate serves every server of this process: making one costs some 25 ms, and the library that makes it
 * is not loaded before somebody asks. It is valid for loopback names alone and its key never leaves memory.
 */

import { getCACertificates, setDefaultCACertificates } from 'node:tls'

/** PEM texts. */
export interface Certificate {
  readonly key: string
  readonly cert: string
}

let ownCertificate: Promise<Certificate> | undefined

/** This process's own certificate for 127.0.0.1, ::1 and localhost, made at the first call. */
export function loopbackCertificate(): Promise<Certificate> {
  ownCertificate ??= generateCertificate()
  return ownCertificate
}

/**
 * From now on TLS clients of this thread (`fetch`, `https`, `ws`) trust the certificate, beside all that they
 * trusted before. Trusting one twice changes nothing. Other processes take it by NODE_EXTRA_CA_CERTS.
 * @param cert PEM text
 */
export function trustCertificate(cert: string): void {
  const trusted = getCACertificates('default')
  if (trusted.some((each) => each.trim() === cert.trim())) return
  setDefaultCACertificates([...trusted, cert])
}

async function generateCertificate(): Promise<Certificate> {
  const { generate } = await import('selfsigned')
  const { private: key, cert } = await generate([{ name: 'commonName', value: 'fake WhatsApp' }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    extensions: [
      // A client that is told to trust it takes it for its own authority.
      { name: 'basicConstraints', cA: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 7, ip: '127.0.0.1' },
          { type: 7, ip: '::1' },
        ],
      },
    ],
  })
  return { key, cert }
}
