/** The places of both webhook configurations that values, and versions of Kubernetes, change. */
import type { Edit } from './edits.ts'
import { CEL } from './when.ts'

const FAILURE_POLICY = { find: 'failurePolicy: Fail', put: 'failurePolicy: {{ .Values.failurePolicy }}' }
const ANNOTATIONS: Edit = {
  find: '    app.kubernetes.io/part-of: kernelseal\n',
  put: `    app.kubernetes.io/part-of: kernelseal
  {{- with include "kernelseal.webhookAnnotations" . }}
  annotations: {{- . | nindent 4 }}
  {{- end }}
`,
}
export const MUTATING: readonly Edit[] = [
  ANNOTATIONS,
  FAILURE_POLICY,
  {
    find: '    # Kubernetes 1.28 and up: Pods',
    put: `    {{- if ${CEL} }}\n    # Kubernetes 1.28 and up: Pods`,
  },
  {
    find: "!('kubernetes.io/config.mirror' in object.metadata.annotations)\n",
    put: "!('kubernetes.io/config.mirror' in object.metadata.annotations)\n    {{- end }}\n",
  },
]

/** Before 1.30 two webhooks are left, without conditions and for namespaces that opted in. */
export const GUARD: readonly Edit[] = [
  ANNOTATIONS,
  { ...FAILURE_POLICY, times: 4 },
  {
    find: '    namespaceSelector:\n      matchExpressions:\n',
    put: `    namespaceSelector:
      {{- if not (${CEL}) }}
      matchLabels:
        kernelseal.io/injection: enabled
      {{- end }}
      matchExpressions:
`,
    times: 3,
  },
  {
    find: '    matchConditions:\n      - { name: into-the-agent',
    put: `    {{- if ${CEL} }}\n    matchConditions:\n      - { name: into-the-agent`,
  },
  { find: '  - name: debug.kernelseal.io\n', put: '  {{- end }}\n  - name: debug.kernelseal.io\n' },
  {
    find: '          resources: [pods/ephemeralcontainers],\n          scope: Namespaced,\n        }\n',
    put: `          resources: [pods/ephemeralcontainers],\n          scope: Namespaced,\n        }\n    {{- if ${CEL} }}\n`,
  },
  {
    find: '          !(has(object.metadata.annotations) && key in object.metadata.annotations)))\n',
    put: '          !(has(object.metadata.annotations) && key in object.metadata.annotations)))\n    {{- end }}\n',
  },
]

/** Without the condition it is asked for every Pod of the labelled namespaces. Its failure policy is no choice: see there. */
export const LAST_WORD: readonly Edit[] = [
  ANNOTATIONS,
  {
    find: '    # Kubernetes 1.28 and up: only Pods',
    put: `    {{- if ${CEL} }}\n    # Kubernetes 1.28 and up: only Pods`,
  },
  {
    find: "'kernelseal.io/status' in object.metadata.annotations\n",
    put: "'kernelseal.io/status' in object.metadata.annotations\n    {{- end }}\n",
  },
]
