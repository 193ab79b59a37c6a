// The certificate of a gateway's `/tls/ws` port, from the files that an operator's authority of certificates writes.

import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { CommandError } from '../../encoding/command-line.ts'
import type { Certificate } from '../../link/index.ts'
import { diskError } from './folder.ts'

export interface TlsFiles {
  /** PEM: the certificate, then those between it and a root. */
  readonly certificate: string
  /** PEM, without a passphrase. */
  readonly key: string
}

/** A certificate as read, with its names and its last moment, milliseconds since 1970-01-01 UTC. */
export interface TlsRead extends Certificate {
  readonly names: string
  readonly until: number
}

/** @throws CommandError CONFIG naming the file, what is wrong with it and what to do */
export function readTls(files: TlsFiles): TlsRead {
  const [chain, key] = [text(files.certificate, 'tls_certificate'), text(files.key, 'tls_key')]
  if ((statSync(files.key).mode & 0o007) !== 0 && process.platform !== 'win32')
    throw wrong(files.key, 'tls_key', 'everybody on this machine can read it', `chmod o= ${files.key}`)
  const certificate = readCertificate(files.certificate, chain)
  const secret = readKey(files.key, key)
  if (!certificate.checkPrivateKey(secret))
    throw wrong(
      files.key,
      'tls_key',
      `it is not the key of the certificate in ${files.certificate}`,
      'name the two files that were made together',
    )
  const names = certificate.subjectAltName ?? certificate.subject
  return { chain, key, names, until: Date.parse(certificate.validTo) }
}

function readCertificate(file: string, chain: string): X509Certificate {
  const pems = chain.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
  const [own] = pems.map(pem => {
    try {
      return new X509Certificate(pem)
    } catch {
      throw wrong(file, 'tls_certificate', 'a certificate in it is damaged', 'get it anew, as PEM')
    }
  })
  if (own === undefined)
    throw wrong(
      file,
      'tls_certificate',
      'there is no certificate in it',
      'name a PEM file, such as fullchain.pem',
    )
  return own
}

function readKey(file: string, key: string): KeyObject {
  try {
    return createPrivateKey(key)
  } catch (error) {
    const isLocked =
      key.includes('ENCRYPTED') || (error as NodeJS.ErrnoException).code === 'ERR_MISSING_PASSPHRASE'
    throw isLocked
      ? wrong(
          file,
          'tls_key',
          'it is locked with a passphrase',
          `openssl pkey -in ${file} -out FILE writes one that is not`,
        )
      : wrong(file, 'tls_key', 'there is no private key in it', 'name a PEM file, such as privkey.pem')
  }
}

function text(file: string, key: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw wrong(file, key, diskError(error), 'correct the key, or let this user read the file')
  }
}

function wrong(file: string, key: string, what: string, hint: string): CommandError {
  return new CommandError('CONFIG', `${file}: ${key}: ${what}`, hint)
}
