{{- define "kernelseal.image" -}}
{{- if .image.digest }}{{ .image.repository }}@{{ .image.digest }}
{{- else }}{{ .image.repository }}:{{ .image.tag | default .version }}
{{- end }}
{{- end }}

{{- define "kernelseal.webhookImage" -}}
{{ include "kernelseal.image" (dict "image" .Values.image.webhook "version" .Chart.AppVersion) }}
{{- end }}

{{- define "kernelseal.agentImage" -}}
{{ include "kernelseal.image" (dict "image" .Values.image.agent "version" .Chart.AppVersion) }}
{{- end }}

{{- /* The webhook's settings as its environment: agentMemoryLimit is KSEAL_AGENT_MEMORY_LIMIT, a list is joined by commas. */ -}}
{{- define "kernelseal.settings" -}}
{{- range $name, $value := .Values.settings }}
- name: KSEAL_{{ $name | snakecase | upper }}
  value: {{ kindIs "slice" $value | ternary (join "," $value) (toString $value) | quote }}
{{- end }}
{{- if ne (int .Values.ports.https) 8443 }}
- { name: KSEAL_PORT, value: {{ .Values.ports.https | quote }} }
{{- end }}
{{- if ne (int .Values.ports.metrics) 9090 }}
- { name: KSEAL_METRICS_PORT, value: {{ .Values.ports.metrics | quote }} }
{{- end }}
{{- if ne .Release.Namespace "kernelseal-system" }}
- { name: KSEAL_NAMESPACE, value: {{ .Release.Namespace }} }
- { name: KSEAL_DNS_NAMES, value: "kernelseal-webhook.{{ .Release.Namespace }}.svc,localhost,127.0.0.1" }
{{- end }}
{{- end }}

{{- define "kernelseal.certificateSettings" -}}
{{- if eq .Values.certificates.mode "self-signed" -}}
- { name: KSEAL_CERT_SECRET, value: {{ .Values.certificates.secretName }} }
{{- else -}}
- { name: KSEAL_CERT_FILE, value: /etc/kernelseal/tls/tls.crt }
- { name: KSEAL_KEY_FILE, value: /etc/kernelseal/tls/tls.key }
{{- end }}
{{- end }}

{{- define "kernelseal.webhookAnnotations" -}}
{{- $own := dict }}
{{- if eq .Values.certificates.mode "cert-manager" }}
{{- $own = dict "cert-manager.io/inject-ca-from" (printf "%s/kernelseal-webhook" .Release.Namespace) }}
{{- end }}
{{- with merge $own .Values.webhookAnnotations }}
{{- toYaml . }}
{{- end }}
{{- end }}
