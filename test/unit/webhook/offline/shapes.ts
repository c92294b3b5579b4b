/**
 * Manifests as people have them (test/fixtures/manifests) and the right answer to each: the decisions in the order of the Pods, and
 * every finding of `lint`, neither more nor fewer.
 */
import type { Reason } from '../../../../webhook/mutate/answer/reasons.ts'

export interface Shape {
  readonly reasons: readonly Reason[]
  readonly errors?: readonly RegExp[]
  readonly warnings?: readonly RegExp[]
  readonly kubernetes?: string
}

const warned = (...warnings: readonly RegExp[]): Shape => ({ reasons: ['injected'], warnings })
const refused = (reason: Reason, ...errors: readonly RegExp[]): Shape => ({ reasons: [reason], errors })
const injected: Shape = { reasons: ['injected'] }

export const SHAPES: Readonly<Record<string, Shape>> = {
  '39-gitlab-runner-build-pod': injected,
  '44-envfrom-only': {
    reasons: ['no-bindings'],
    warnings: [/NOT sealed: Secret n8n, taken whole by `envFrom`/, /finds nothing to seal/],
  },
  '81-fileref-and-envref-in-a-pod': refused('file-outside', /names `\/vault\/secrets\/db`/),
  '04-windows-by-nodeselector': refused('windows-pod', /`nodeSelector` `kubernetes\.io\/os`/),
  '06-autoscaler-local-storage': injected,
  '07-guaranteed-qos': warned(/QoS class becomes Burstable/),
  '09-agent-limit-below-request': injected,
  '14-knative-queue-proxy': injected,
  '17-crds-without-pods': {
    reasons: [],
    warnings: [
      /`spec\.podMetadata\.annotations`: Pods of a Workflow/,
      /template\.metadata\.annotations`: Pods of a JobSet/,
      /`spec\.driver\.annotations`: Pods of a SparkApplication/,
    ],
  },
  '22-hostnetwork-two-replicas': {
    reasons: ['injected', 'injected'],
    warnings: [
      /takes port 9090 of its node \(another: `kernelseal\.io\/metrics-port`\)/,
      /takes port 9090 of its node/,
      /as does that of DaemonSet shop\/edge /,
    ],
  },
  '23-limits-quota-in-same-files': {
    reasons: ['injected'],
    errors: [
      /requests 10m cpu, a LimitRange asks for 50m \(`kernelseal\.io\/agent-cpu-request`\)/,
      /a limit of 256Mi memory, a LimitRange allows 128Mi/,
      /no limit of cpu, a ResourceQuota asks for one \(`kernelseal\.io\/agent-cpu-limit`\)/,
    ],
    warnings: [/QoS class becomes Burstable/],
  },
  '28-sysbox-and-virtual-node': {
    reasons: ['user-namespace', 'virtual-node', 'virtual-node'],
    errors: [/`runtimeClassName` is `sysbox-runc`/, /virtual-kubelet/, /fargate-scheduler/],
  },
  '29-long-value-under-seal-env': {
    reasons: ['injected'],
    errors: [
      /has 1[0-9]{3} bytes, the placeholder of GITHUB_APP_PRIVATE_KEY 256 \(`kernelseal\.io\/capacity: "GITHUB_APP_PRIVATE_KEY=4096"`/,
    ],
  },
  '42-prometheus-rendered': injected,
  '43-undeclared-9090': injected,
  '47-literal-password': warned(
    /SMTP_PASSWORD of container l looks like a secret/,
    /AWS_SECRET_ACCESS_KEY of container l looks like a secret/,
  ),
  '55-jenkins-agent': warned(
    /container maven only waits \(`cat`\): sessions into it see placeholders/,
    /JENKINS_SECRET of container jnlp looks like a secret/,
  ),
  '56-secret-made-by-init-container': warned(
    /init container secret-init looks as if it made a Secret: if that is `generated-redis`/,
  ),
  '57-linkerd-and-dapr-labels': injected,
  '72-nodeport-ns-label-typos': {
    reasons: ['injected'],
    errors: [
      /`kernelseal\.io\/inject` is not one/,
      /`kernelseal\.io\/injection` is `true`/,
      /`kernelseal\.io\/mode` is `Enforce`/,
    ],
  },
  // Its probe asks there: the container listens on that port of the node itself.
  '74-hostnetwork-own-port': refused('port-taken', /10250 in container `h`/),
  '75-windows-runtimeclass': refused('windows-pod', /windows|runtimeClassName/i),
  // Its empty keys are delivered empty, as the kubelet does it.
  '85-empty-secret-value': { reasons: ['injected'] },
  '02-probe-uses-secret': warned(
    /livenessProbe, preStop of container mysql: placeholders, no secrets \(bind the program/,
  ),
  '03-kill-1-in-prestop': warned(
    /preStop of container fpm has `kill -QUIT 1`, but PID 1/,
    /the command of container cron has `\/proc\/1\/fd\/1`/,
  ),
  '10-exporter-takes-same-secret-open': warned(
    /key password of Secret pg also stands in DATA_SOURCE_PASS of container metrics/,
  ),
  '11-same-secret-mounted-and-envfrom': warned(
    /Secret api-db also stands in `envFrom` of container api/,
    /Secret api-db also stands in volume creds/,
  ),
  '12-shell-expands-into-argv': warned(/a shell expands REDIS_PASSWORD in the command of container cache/),
  '18-label-instead-of-annotation': {
    reasons: ['no-bindings'],
    warnings: [/label `kernelseal\.io\/seal-env` .* must be an annotation/, /label `kernelseal\.io\/mode`/],
  },
  '19-inject-true-only': {
    reasons: ['no-bindings'],
    warnings: [/`inject` alone binds no secrets: add `kernelseal\.io\/seal-env/],
  },
  '21-probe-program-bound-beside-seal-env': injected,
  '24-catatonit-runit-myinit': warned(/container a: its init/, /container c: its init/, /container e: its init/),
  '30-short-form-reaches-mesh-sidecars': injected,
  '41-bitnami-redis-rendered': warned(/livenessProbe, readinessProbe of container redis: placeholders/),
  '51-rabbitmq-rendered': warned(/livenessProbe, readinessProbe, preStop of container rabbitmq: placeholders/),
  '67-seal-env-named-container-plus-others': warned(/Secret pg also stands in DATA_SOURCE_PASS of container metrics/),
  '68-strict-named-container-plus-others': warned(/Secret pg also stands in DATA_SOURCE_PASS of container metrics/),
  '70-probe-httpget-header-and-poststart': warned(/startupProbe, postStart of container sonar: placeholders/),
  '79-sealed-entrypoint-lost-to-a-probe-binding': injected,
  '01-irsa-webhook-after-ours': warned(
    /the EKS Pod identity webhook changed its `env`, `volumeMounts`/,
    /another webhook or version changed its `image`, `startupProbe`, `ports`/,
  ),
  '05-service-links-in-dsn': refused('composed-by-kubelet', /also refers to `REPORTS_DB_SERVICE_HOST`/),
  '13-duplicate-env-name': injected,
  '15-argo-workflow-pod': injected,
  '20-composed-with-pod-ip': refused('composed-by-kubelet', /`POD_IP` .*name only other containers in `seal-env`/),
  '25-dotted-names': {
    reasons: ['no-bindings'],
    warnings: [
      /only names of letters, digits and _ can be sealed: spring\.datasource\.password/,
      /only names of letters, digits and _ can be sealed: my-app-token/,
      /obeyed by the Java virtual machine/,
      /finds nothing to seal/,
    ],
  },
  '26-optional-ref': { reasons: ['injected'], warnings: [/the reference is `optional`: SENTRY_DSN/] },
  '31-dsn-before-its-password': refused(
    'variable-referenced',
    /`env` DSN of .* stands before it, .* leaves it as text/,
  ),
  '32-k8s-expansion-in-args': refused('variable-in-command', /or name only other containers in `seal-env`/),
  '33-crlf': injected,
  '34-bom': injected,
  '35-tabs-in-bindings': refused('bad-annotation', /kernelseal\.io\/bindings \(line 2\): .* indented with a tab/),
  '36-bool-annotation': refused(
    'bad-pod',
    /`metadata\.annotations\[kernelseal\.io\/seal-env\]` is not text, put it in quotes/,
  ),
  '37-json-bindings-emoji': refused('bad-annotation', /\[0\]\.name .* cannot name a binding/),
  '38-name-taken-by-author': refused('container-name-taken', /`kernelseal-agent` is not an init container/),
  '45-dsn-with-envfrom-host': refused('composed-by-kubelet', /also refers to `DB_HOST`/),
  '46-cronjob-k8s-1.28': {
    reasons: ['injected'],
    warnings: [/NOT sealed: init container wait-db starts before the agent/],
    kubernetes: '1.28',
  },
  '48-helm-null-and-empty': injected,
  '49-two-prefix-typos': {
    ...refused('bad-annotation', /TOKEN: is not a reference to a secret[\s\S]*`pg-password` is not a variable name/),
    warnings: [
      /secret\.PGPASSWORD/,
      /did you mean `secret\.kernelseal\.io\/API`/,
      /did you mean `kernelseal\.io\/seal-env`/,
    ],
  },
  '50-duplicate-literal-then-ref': {
    reasons: ['injected', 'no-bindings', 'injected'],
    warnings: [
      /a later entry overrides the Secret, in the open: PASS of container c/,
      /PASS of container c looks like a secret/,
      /finds nothing to seal/,
    ],
  },
  '52-superset-rendered': refused('not-sealed', /Secret superset-env, taken whole by `envFrom` of container superset/),
  '53-keycloak-gitea-rendered': { reasons: ['injected', 'injected'] },
  '54-spark-driver': warned(/QoS class becomes Burstable/),
  '58-openshift-deploymentconfig-and-rollout': {
    reasons: ['injected', 'injected', 'bad-pod'],
    errors: [/`spec\.containers\[0\]` is not an object with a name/],
  },
  '59-typos-alone': {
    reasons: ['no-bindings'],
    warnings: [
      /secret\.PGPASSWORD/,
      /secrets\.kernelseal\.io\/API/,
      /kernelseal\.io\/sealenv/,
      /kernelseal\.io\/seal_env/,
    ],
  },
  '60-restricted-namespace-warn-only': refused('pod-security', /Pod Security level forbids the agent/),
  '61-knative-service-not-annotated': { reasons: ['no-bindings', 'injected'] },
  '63-null-annotation': injected,
  '64-many-unsealed': {
    reasons: ['no-bindings'],
    warnings: [
      ...Array.from({ length: 25 }, () => /NOT sealed: the reference is `optional`: PARTNER_/),
      /and 35 more/,
      /finds nothing to seal/,
    ],
  },
  '65-template-with-a-bom-tab-json': injected,
  '66-anchor-and-merge': injected,
  '69-optional-only-strict': refused('not-sealed', /the reference is `optional`: REDIS_PASSWORD .*without `optional`/),
  '71-no-capacity-way-out-bindings-beside-seal-env': injected,
  '73-quantities': refused('bad-annotation', /`100 m`, must be a quantity[\s\S]*`2e8`, must be a quantity/),
  '76-recreated-from-read-back': refused('agent-without-bindings', /lost its annotations.*kubectl debug --copy-to/),
  '77-policy-adds-security-default': warned(/another webhook or version changed .*`securityContext`/),
  '78-old-client-drops-restart-policy': warned(/another webhook or version changed .*`restartPolicy`/),
  '80-both-bindings-by-hand': injected,
  '82-bad-secret-name-under-seal-env': refused(
    'bad-pod',
    /`env` `A` of container `app`: `My_Secret` is not the name of a Secret/,
  ),
  '83-three-hundred-variables': refused('too-much-to-seal', /at `V_56` of container `worker`/),
}
