/** The serving certificate: from files that may change while we run, or of our own making. */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { type FSWatcher, watch } from 'node:fs'
import { dirname } from 'node:path'
import { createAuthority } from './self-signed.ts'
import { settingFile } from './setting-file.ts'

/** Certificate (with its chain) and key, PEM. */
export interface KeyPair {
  readonly cert: string
  readonly key: string
  readonly notAfter: Date
}

/** Lives as long as the server; `close` stops watching and may be called twice. */
export interface ServingCertificate {
  readonly first: KeyPair
  /** The authority's certificate, PEM, when it is our own. */
  readonly ca?: string
  /** Looks at once whether all is as it should be: API servers do not trust the served certificate. */
  recheck?(): void
  close(): void
}

export interface CertificateEvents {
  /** A new pair to serve from now on. */
  changed(pair: KeyPair): void
  /** A pair that cannot be served; the old one stays. */
  rejected(error: Error): void
  /** There is none to serve yet, and why. */
  waiting?(error: Error): void
  /** Milliseconds the API server's clock is ahead of this one, where that is known. */
  clock?(offset: number): void
}

/** The kubelet swaps a mounted Secret by renaming one symlink, cert-manager's files may be written one by one. */
const SETTLE = 200
/** Should a notification get lost (inotify does not cross all file systems), the files are read this often anyway. */
const RECHECK = 60_000

/** @throws Error when the first pair cannot be read, does not belong together or has expired */
export async function certificateFromFiles(certFile: string, keyFile: string, events: CertificateEvents) {
  const first = await readPair(certFile, keyFile)
  let current = first
  const recheck = async () => {
    try {
      const pair = await readPair(certFile, keyFile)
      if (pair.cert === current.cert && pair.key === current.key) return
      current = pair
      events.changed(pair)
    } catch (error) {
      events.rejected(error as Error)
    }
  }
  const close = watchFiles([certFile, keyFile], recheck)
  return { first, close } satisfies ServingCertificate
}

async function readPair(certFile: string, keyFile: string): Promise<KeyPair> {
  const [cert, key] = await Promise.all([settingFile('--cert-file', certFile), settingFile('--key-file', keyFile)])
  try {
    return checkPair(cert, key)
  } catch (error) {
    throw new Error(`certificate \`${certFile}\` with key \`${keyFile}\`: ${(error as Error).message}`)
  }
}

/** @throws Error when the key is not the certificate's, or this is not the certificate's time */
export function checkPair(cert: string, key: string, now = new Date()): KeyPair {
  const certificate = new X509Certificate(cert)
  if (!certificate.checkPrivateKey(createPrivateKey(key))) throw new Error('the key does not belong to the certificate')
  const notAfter = new Date(certificate.validTo)
  const notBefore = new Date(certificate.validFrom)
  if (notBefore > now) throw new Error(`the certificate is not valid before ${notBefore.toISOString()}`)
  if (notAfter <= now) throw new Error(`the certificate expired on ${notAfter.toISOString()}`)
  return { cert, key, notAfter }
}

/** Watches the directories, because the files themselves are replaced, and calls back when they have settled. */
function watchFiles(files: readonly string[], changed: () => void): () => void {
  let settling: NodeJS.Timeout | undefined
  const settle = () => {
    clearTimeout(settling)
    settling = setTimeout(changed, SETTLE).unref()
  }
  const watchers: FSWatcher[] = [...new Set(files.map(dirname))].map((directory) => {
    // A watcher that breaks (its directory is replaced) leaves the periodic check.
    return watch(directory, { persistent: false }, settle).on('error', settle)
  })
  const recheck = setInterval(changed, RECHECK).unref()
  return () => {
    clearTimeout(settling)
    clearInterval(recheck)
    for (const watcher of watchers) watcher.close()
  }
}

/** How often the age of our own certificate is looked at. */
const RENEWAL_CHECK = 60 * 60 * 1000

/** An authority in memory and a certificate by it, renewed at two thirds of its life. */
export async function selfSignedCertificate(names: readonly string[], events: CertificateEvents) {
  const authority = await createAuthority(names)
  const issue = async () => {
    const { cert, key } = await authority.issue()
    return checkPair(cert, key)
  }
  const first = await issue()
  let renewAt = renewalOf(first)
  const renew = async () => {
    if (Date.now() < renewAt) return
    try {
      const pair = await issue()
      renewAt = renewalOf(pair)
      events.changed(pair)
    } catch (error) {
      events.rejected(error as Error)
    }
  }
  const timer = setInterval(renew, RENEWAL_CHECK).unref()
  return { first, ca: authority.ca, close: () => clearInterval(timer) } satisfies ServingCertificate
}

function renewalOf({ notAfter }: KeyPair): number {
  return Date.now() + ((notAfter.getTime() - Date.now()) * 2) / 3
}
