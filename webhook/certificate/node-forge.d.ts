/** The few functions of node-forge that self-signed.ts calls; the package ships no types. */
declare module 'node-forge' {
  interface Attribute {
    readonly name: string
    readonly value: string
  }
  interface Certificate {
    publicKey: unknown
    serialNumber: string
    readonly validity: { notBefore: Date; notAfter: Date }
    setSubject(attributes: readonly Attribute[]): void
    setIssuer(attributes: readonly Attribute[]): void
    setExtensions(extensions: readonly object[]): void
    sign(privateKey: unknown, digest: unknown): void
    generateSubjectKeyIdentifier(): { getBytes(): string }
  }
  const forge: {
    readonly pki: {
      createCertificate(): Certificate
      privateKeyFromPem(pem: string): unknown
      publicKeyFromPem(pem: string): unknown
      certificateToPem(certificate: Certificate): string
    }
    readonly md: { readonly sha256: { create(): unknown } }
  }
  export default forge
}
