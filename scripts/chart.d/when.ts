/** Expressions of Go's templates: when an object is rendered. */
export const since = (minor: string): string => `semverCompare ">=${minor}-0" .Capabilities.KubeVersion.Version`
/** Match conditions in CEL and ValidatingAdmissionPolicy are stable from there on; deploy/components/before-1.30 takes the same away. */
export const CEL = since('1.30')
export const POLICY = `and .Values.policies.enabled (${CEL})`
export const OWN_CLASS = 'eq .Values.priorityClassName "kernelseal-webhook"'
export const SELF_SIGNED = 'eq .Values.certificates.mode "self-signed"'
export const CERT_MANAGER = 'eq .Values.certificates.mode "cert-manager"'
