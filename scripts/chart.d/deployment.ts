/** The places of deploy/base/deployment.yaml that values change. */
import product from '../../package.json' with { type: 'json' }
import type { Edit } from './edits.ts'

const block = (value: string, spaces: number): string => `{{- toYaml .Values.${value} | nindent ${spaces} }}`

/** Rendered where the value has something in it. */
const optional = (key: string, value: string, spaces: number): string => `      {{- with .Values.${value} }}
      ${key}: {{- toYaml . | nindent ${spaces} }}
      {{- end }}
`

const POD: readonly Edit[] = [
  { find: 'replicas: 2', put: 'replicas: {{ .Values.replicas }}' },
  {
    find: `        app.kubernetes.io/part-of: kernelseal
      annotations:
        prometheus.io/scrape: "true"
        prometheus.io/port: "9090"
`,
    put: `        app.kubernetes.io/part-of: kernelseal
        {{- with .Values.podLabels }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      annotations:
        prometheus.io/scrape: "true"
        prometheus.io/port: {{ .Values.ports.metrics | quote }}
        {{- with .Values.podAnnotations }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
`,
  },
  { find: 'priorityClassName: kernelseal-webhook\n', put: 'priorityClassName: {{ .Values.priorityClassName }}\n' },
  {
    find: '      # 10 s of draining, 5 s for the last request, and room.\n      terminationGracePeriodSeconds: 30\n',
    put: `      # The draining, 5 s for the last request, and room.
      terminationGracePeriodSeconds: {{ add .Values.settings.drainSeconds 20 }}
${optional('imagePullSecrets', 'image.pullSecrets', 8)}      {{- if .Values.hostNetwork }}
      hostNetwork: true
      # Names of the cluster go on working.
      dnsPolicy: ClusterFirstWithHostNet
      {{- end }}
`,
  },
  {
    find: '      nodeSelector: { kubernetes.io/os: linux }\n',
    put: `      nodeSelector: ${block('nodeSelector', 8)}\n${optional('tolerations', 'tolerations', 8)}`,
  },
  {
    find: `      topologySpreadConstraints:
        - maxSkew: 1
          topologyKey: topology.kubernetes.io/zone
          whenUnsatisfiable: ScheduleAnyway
          labelSelector:
            matchLabels: { app.kubernetes.io/name: kernelseal-webhook }
      affinity:
        podAntiAffinity:
          # Preferred: a cluster of one or two nodes could otherwise never roll out.
          preferredDuringSchedulingIgnoredDuringExecution:
            - weight: 100
              podAffinityTerm:
                topologyKey: kubernetes.io/hostname
                labelSelector:
                  matchLabels: { app.kubernetes.io/name: kernelseal-webhook }
`,
    put: `${optional('topologySpreadConstraints', 'topologySpreadConstraints', 8)}${optional('affinity', 'affinity', 8)}`,
  },
]

const CONTAINER: readonly Edit[] = [
  { find: `image: kernelseal-webhook:${product.version}`, put: 'image: {{ include "kernelseal.webhookImage" . }}' },
  { find: 'imagePullPolicy: IfNotPresent', put: 'imagePullPolicy: {{ .Values.image.pullPolicy }}' },
  {
    find: `            - { name: KSEAL_AGENT_IMAGE, value: "kernelseal-agent:${product.version}" }
            - { name: KSEAL_DEFAULT_MODE, value: enforce }
`,
    put: `            - { name: KSEAL_AGENT_IMAGE, value: {{ include "kernelseal.agentImage" . | quote }} }
            {{- include "kernelseal.settings" . | nindent 12 }}
`,
  },
  {
    find: `            # Turns unready and goes on answering, until every node has heard of it.
            - { name: KSEAL_DRAIN_SECONDS, value: "10" }
`,
    put: `            {{- include "kernelseal.certificateSettings" . | nindent 12 }}
            {{- with .Values.env }}
            {{- toYaml . | nindent 12 }}
            {{- end }}
`,
  },
  { find: 'containerPort: 8443', put: 'containerPort: {{ .Values.ports.https }}' },
  { find: 'containerPort: 9090', put: 'containerPort: {{ .Values.ports.metrics }}' },
  {
    find: `          resources:
            requests: { cpu: 100m, memory: 128Mi }
            limits: { memory: 256Mi }
`,
    put: `          resources: ${block('resources', 12)}\n`,
  },
  {
    find: '            capabilities: { drop: [ALL] }\n',
    put: `            capabilities: { drop: [ALL] }
          {{- if ne .Values.certificates.mode "self-signed" }}
          volumeMounts:
            - { name: certificate, mountPath: /etc/kernelseal/tls, readOnly: true }
      volumes:
        - name: certificate
          # 0440: the group is the container's, by \`fsGroup\`.
          secret: { secretName: kernelseal-webhook-tls, defaultMode: 288 }
          {{- end }}
`,
  },
]

export const DEPLOYMENT: readonly Edit[] = [...POD, ...CONTAINER]
