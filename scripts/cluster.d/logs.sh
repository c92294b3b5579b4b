# shellcheck shell=bash
# shellcheck disable=SC2154 # state, name: of scripts/cluster
# Sourced. Collects evidence for a later reader: the logs of programs and Pods, and the objects, never a Secret.

OBJECTS=nodes,pods,deployments.apps,replicasets.apps,jobs.batch,services,endpointslices.discovery.k8s.io,events
OBJECTS+=,mutatingwebhookconfigurations,validatingwebhookconfigurations

# write_logs FILE
write_logs() {
  local file=$1 folder
  [[ -e $state/pki ]] || fail "no control plane \`$name\` has run; there are no logs"
  folder=$(mktemp -d "$state/logs.XXXXXX")
  cp "$state"/*.log "$folder/"
  # Where the API server does not answer, that is in its log.
  kubectl get "$OBJECTS" --all-namespaces -o yaml --request-timeout=20s >"$folder/objects.yaml" 2>&1 || true
  pod_logs "$folder"
  tar -C "$folder" -czf "$file" . || fail "\`$file\` cannot be written"
  rm -rf "$folder"
  echo "==> logs of \`$name\`: $file" >&2
}

pod_logs() {
  local namespace pod
  while read -r namespace pod; do
    kubectl logs --request-timeout=20s -n "$namespace" "$pod" --all-containers --prefix >"$1/pod-$namespace-$pod.log" 2>&1 || true
  done < <(kubectl get pods --all-namespaces --no-headers --request-timeout=20s -o custom-columns=:metadata.namespace,:metadata.name 2>/dev/null)
}
