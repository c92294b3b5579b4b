/** Which template is made of which manifest, when it is rendered, and the places in it that values change. */
import { DEPLOYMENT } from './deployment.ts'
import { GUARD, LAST_WORD, MUTATING } from './webhooks.ts'
import { CEL, CERT_MANAGER, OWN_CLASS, POLICY, SELF_SIGNED, since } from './when.ts'

export interface Edit {
  readonly find: string
  readonly put: string
  /** How often `find` has to be there. */
  readonly times?: number
}

export interface Template {
  /** Below the repository. */
  readonly from: string
  /** An expression of Go's templates. */
  readonly when?: string
  readonly edits?: readonly Edit[]
}

/** In every manifest: word → template. */
export const EVERYWHERE: readonly (readonly [string, string])[] = [
  ['kernelseal-system', '{{ .Release.Namespace }}'],
  ['kernelseal-webhook-tls', '{{ .Values.certificates.secretName }}'],
]

const MONITOR_LABELS: Edit = {
  find: '    app.kubernetes.io/part-of: kernelseal\n',
  put: `    app.kubernetes.io/part-of: kernelseal
    {{- with .Values.monitors.labels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
`,
}

export const TEMPLATES: Readonly<Record<string, Template>> = {
  'namespace.yaml': {
    from: 'deploy/base/namespace.yaml',
    when: '.Values.namespace.create',
    edits: [
      {
        find: 'enforce: restricted',
        // Pod Security knows no level between that allows the host's network.
        put: 'enforce: {{ .Values.hostNetwork | ternary "privileged" "restricted" }}',
      },
    ],
  },
  'priority-class.yaml': { from: 'deploy/base/priority-class.yaml', when: OWN_CLASS },
  'rbac.yaml': { from: 'deploy/base/rbac.yaml' },
  'rbac-certificate.yaml': { from: 'deploy/overlays/self-signed/rbac.yaml', when: SELF_SIGNED },
  'deployment.yaml': { from: 'deploy/base/deployment.yaml', edits: DEPLOYMENT },
  'service.yaml': { from: 'deploy/base/service.yaml' },
  'disruption-budget.yaml': {
    from: 'deploy/base/disruption-budget.yaml',
    // Of one replica it would keep the node from ever being drained.
    when: 'gt (int .Values.replicas) 1',
    edits: [{ find: 'policy/v1', put: `policy/{{ ${since('1.21')} | ternary "v1" "v1beta1" }}` }],
  },
  'network-policy.yaml': { from: 'deploy/base/network-policy.yaml', when: '.Values.networkPolicy.enabled' },
  'mutating-webhook.yaml': { from: 'deploy/base/mutating-webhook.yaml', edits: MUTATING },
  'guard-webhook.yaml': { from: 'deploy/base/guard-webhook.yaml', when: '.Values.guard.enabled', edits: GUARD },
  'agent-policy.yaml': { from: 'deploy/base/agent-policy.yaml', when: POLICY },
  'running-agent-policy.yaml': { from: 'deploy/base/running-agent-policy.yaml', when: POLICY },
  'annotations-policy.yaml': { from: 'deploy/base/annotations-policy.yaml', when: POLICY },
  'priority-policy.yaml': { from: 'deploy/base/priority-policy.yaml', when: `${POLICY} (${OWN_CLASS})` },
  'own-configuration-policy.yaml': { from: 'deploy/base/own-configuration-policy.yaml', when: POLICY },
  'own-secret-policy.yaml': { from: 'deploy/base/own-secret-policy.yaml', when: POLICY },
  'pod-policy.yaml': {
    from: 'deploy/pod-policy/pod-policy.yaml',
    when: `and .Values.podPolicy.enabled (${CEL})`,
    edits: [
      {
        find: '# Namespaces with sealed Pods enforce',
        // Whether the agent is the webhook's it tells by an annotation, which an author can write where the webhook may be left out.
        put: `{{- if eq .Values.failurePolicy "Ignore" }}
{{- fail "podPolicy.enabled needs failurePolicy: Fail. Pods that start without the webhook can claim to be sealed, and would be let pass" }}
{{- end }}
# Namespaces with sealed Pods enforce`,
      },
    ],
  },
  'last-word.yaml': { from: 'deploy/last-word/last-word.yaml', when: '.Values.lastWord.enabled', edits: LAST_WORD },
  'issuer.yaml': {
    from: 'certs/cert-manager/issuer.yaml',
    when: `and (${CERT_MANAGER}) (not .Values.certificates.issuerRef)`,
  },
  'certificate.yaml': {
    from: 'certs/cert-manager/certificate.yaml',
    when: CERT_MANAGER,
    edits: [
      {
        find: 'issuerRef: { name: kernelseal-ca, kind: Issuer }',
        put: 'issuerRef: {{- toYaml (.Values.certificates.issuerRef | default (dict "name" "kernelseal-ca" "kind" "Issuer")) | nindent 4 }}',
      },
    ],
  },
  'monitors/monitors.yaml': {
    from: 'deploy/components/monitors/monitors.yaml',
    when: '.Values.monitors.enabled',
    edits: [
      { ...MONITOR_LABELS, times: 2 },
      { find: 'interval: 30s', put: 'interval: {{ .Values.monitors.interval }}', times: 2 },
    ],
  },
  'monitors/service.yaml': { from: 'deploy/components/monitors/service.yaml', when: '.Values.monitors.enabled' },
  'monitors/rules.yaml': {
    from: 'deploy/components/monitors/rules.yaml',
    when: 'and .Values.monitors.enabled .Values.monitors.rules',
    edits: [MONITOR_LABELS],
  },
}
