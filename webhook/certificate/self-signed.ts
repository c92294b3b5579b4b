/** A certificate authority of our own, for clusters without cert-manager. It only makes certificates, it reads none. */
import { generateKeyPair, randomBytes, X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import { promisify } from 'node:util'
import forge from 'node-forge'

/** To serve, or to call with (RFC 5280, extended key usage). */
type Purpose = 'serverAuth' | 'clientAuth'

export interface Authority {
  /** PEM, for `caBundle`. */
  readonly ca: string
  /** Its private key, PEM: for those who share the authority. */
  readonly key: string
  /** A new certificate with a new key, signed by the authority. PEM. Valid from `now` on, Unix time in ms. */
  issue(purpose?: Purpose, now?: number): Promise<{ readonly cert: string; readonly key: string }>
}

const DAY = 24 * 60 * 60 * 1000
/** The authority lives in this process's memory and goes with it; ten years are longer than any process. */
const CA_LIFETIME = 3650 * DAY
/** Renewed by the process itself at two thirds, so it only has to outlive a month of a stopped clock. */
const LEAF_LIFETIME = 90 * DAY
/** Clocks of API server and webhook may differ. */
const CLOCK_SKEW = 5 * 60 * 1000

/** A name of its own for each authority: clients look for an issuer by its name first. */
const caName = (id: string) => [{ name: 'commonName', value: `${CA_PREFIX}${id}` }]
const CA_PREFIX = 'KernelSeal webhook CA '

/** One that `createAuthority` made, as far as a name can say. */
export const isOwnAuthority = ({ subject, ca }: X509Certificate): boolean => ca && subject.includes(CA_PREFIX)

/**
 * @param names DNS names and IP addresses the API server may call the webhook by; the first is the common name too
 * @param lifetime of the authority, milliseconds
 * @param now Unix time in ms, by the clock of those who are to trust it
 */
export async function createAuthority(
  names: readonly string[],
  lifetime = CA_LIFETIME,
  now = Date.now(),
): Promise<Authority> {
  const keys = await rsaKeys()
  const certificate = blankCertificate(keys.publicKey, lifetime, now)
  const name = caName(randomBytes(4).toString('hex'))
  certificate.setSubject(name)
  certificate.setIssuer(name)
  certificate.setExtensions([
    { name: 'basicConstraints', cA: true, pathLenConstraint: 0, critical: true },
    { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    { name: 'subjectKeyIdentifier' },
  ])
  const signer = forge.pki.privateKeyFromPem(keys.privateKey)
  certificate.sign(signer, forge.md.sha256.create())
  return restoreAuthority(names, forge.pki.certificateToPem(certificate), keys.privateKey)
}

/** An authority made before, by us. */
export function restoreAuthority(names: readonly string[], ca: string, key: string): Authority {
  const { subject, publicKey } = new X509Certificate(ca)
  const id = subject.slice(subject.indexOf(CA_PREFIX) + CA_PREFIX.length)
  const blank = blankCertificate(publicKey.export({ type: 'spki', format: 'pem' }).toString(), 0, 0)
  const keyIdentifier = blank.generateSubjectKeyIdentifier().getBytes()
  return {
    ca,
    key,
    issue: (purpose = 'serverAuth', now = Date.now()) =>
      issueLeaf(names, caName(id), forge.pki.privateKeyFromPem(key), keyIdentifier, purpose, now),
  }
}

async function issueLeaf(
  names: readonly string[],
  issuer: ReturnType<typeof caName>,
  signer: unknown,
  keyIdentifier: string,
  purpose: Purpose,
  now: number,
) {
  const keys = await rsaKeys()
  const certificate = blankCertificate(keys.publicKey, LEAF_LIFETIME, now)
  // A common name holds 64 characters (RFC 5280, ub-common-name); clients look at the alternative names only.
  certificate.setSubject([{ name: 'commonName', value: (names[0] ?? 'kernelseal').slice(0, 64) }])
  certificate.setIssuer(issuer)
  certificate.setExtensions([
    { name: 'basicConstraints', cA: false, critical: true },
    { name: 'keyUsage', digitalSignature: true, keyEncipherment: true, critical: true },
    { name: 'extKeyUsage', [purpose]: true },
    { name: 'subjectAltName', altNames: names.map(altName) },
    { name: 'authorityKeyIdentifier', keyIdentifier },
  ])
  certificate.sign(signer, forge.md.sha256.create())
  return { cert: forge.pki.certificateToPem(certificate), key: keys.privateKey }
}

/** GeneralName of RFC 5280: 2 is a DNS name, 7 an IP address. */
const altName = (name: string) => (isIP(name) === 0 ? { type: 2, value: name } : { type: 7, ip: name })

function blankCertificate(publicKey: string, lifetime: number, now: number) {
  const certificate = forge.pki.createCertificate()
  certificate.publicKey = forge.pki.publicKeyFromPem(publicKey)
  // 16 random bytes, the first below 0x80 (a serial is positive) and not zero.
  certificate.serialNumber = `4${randomBytes(16).toString('hex').slice(1)}`
  certificate.validity.notBefore = new Date(now - CLOCK_SKEW)
  certificate.validity.notAfter = new Date(now + lifetime)
  return certificate
}

/** Node makes the keys, off the main thread: node-forge would take seconds for them. It signs RSA only. */
function rsaKeys() {
  return promisify(generateKeyPair)('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  })
}
