# shellcheck shell=bash
# shellcheck disable=SC2154 # here, state: of scripts/cluster
# Sourced. The programs of a control plane and their flags; $state is its folder.

API_ADDRESS=10.77.0.1
API_PORT=6443
# Of the one node there may be; the certificates name both.
NODE=node
NODE_ADDRESS=10.77.0.2
# An idle machine needs 5 s; a busy one several times that.
READY_SECONDS=120

start_control_plane() {
  start_network
  "$here/cluster.d/certificates" "$state/pki" "$API_ADDRESS" "$API_PORT" "$NODE" "$NODE_ADDRESS"
  start_etcd
  start_api_server
  await $READY_SECONDS kube-apiserver 'the API server is not ready' kubectl_get --raw /readyz
  start_controllers
  await $READY_SECONDS kube-controller-manager 'the controllers make no service accounts' kubectl_get serviceaccount default
}

# One process that only sleeps holds the namespace; the bridge is the network that stand-ins for Pods join.
start_network() {
  start_process network unshare --net sh -c "
    set -e
    ip link set lo up
    ip link add pods type bridge
    ip address add $API_ADDRESS/16 dev pods
    ip link set pods up
    # The API server looks for an address of its own along the default route.
    ip route add default via $API_ADDRESS dev pods
    exec sleep infinity"
  local turn
  for ((turn = 0; turn < 100; turn++)); do
    [[ -z $(in_network ip route show default 2>/dev/null) ]] || return 0
    sleep 0.05
  done
  say_and_fail network 'the network namespace cannot be set up'
}

start_etcd() {
  start_process etcd "$state/bin/etcd" --name only --data-dir "$state/etcd" \
    --listen-client-urls http://127.0.0.1:2379 --advertise-client-urls http://127.0.0.1:2379 \
    --listen-peer-urls http://127.0.0.1:2380 --initial-advertise-peer-urls http://127.0.0.1:2380 \
    --initial-cluster only=http://127.0.0.1:2380 --unsafe-no-fsync
}

start_api_server() {
  local pki=$state/pki
  audit_policy >"$state/audit-policy.yaml"
  # Collects garbage a third as often as Go would, for twice the memory: the tests of load share two processors with it.
  start_process kube-apiserver env GOGC=300 "$state/bin/kube-apiserver" --etcd-servers=http://127.0.0.1:2379 \
    --bind-address=0.0.0.0 --advertise-address=$API_ADDRESS --secure-port=$API_PORT \
    --tls-cert-file="$pki/apiserver.crt" --tls-private-key-file="$pki/apiserver.key" --client-ca-file="$pki/ca.crt" \
    --service-account-issuer=https://kubernetes.default.svc --service-account-signing-key-file="$pki/accounts.key" \
    --service-account-key-file="$pki/accounts.pub" --service-cluster-ip-range=10.96.0.0/16 \
    --kubelet-client-certificate="$pki/apiserver-client.crt" --kubelet-client-key="$pki/apiserver-client.key" \
    --kubelet-certificate-authority="$pki/ca.crt" --kubelet-preferred-address-types=InternalIP \
    --authorization-mode=Node,RBAC --allow-privileged=true --enable-aggregator-routing=true \
    --audit-policy-file="$state/audit-policy.yaml" --audit-log-path="$state/audit.log" --audit-log-mode=blocking
}

audit_policy() {
  cat <<'EOT'
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
  - level: Metadata
    verbs: [create, update, patch, get]
    resources: [{ group: "", resources: [pods/exec, pods/attach, pods/ephemeralcontainers] }]
  - level: Metadata
    verbs: [create]
    resources: [{ group: "", resources: [pods] }]
  - level: None
EOT
}

start_controllers() {
  local pki=$state/pki credentials=$state/pki/controllers.kubeconfig
  start_process kube-controller-manager "$state/bin/kube-controller-manager" --kubeconfig="$credentials" \
    --authentication-kubeconfig="$credentials" --authorization-kubeconfig="$credentials" --bind-address=127.0.0.1 \
    --service-account-private-key-file="$pki/accounts.key" --root-ca-file="$pki/ca.crt" --leader-elect=false \
    --use-service-account-credentials=true --kube-api-qps=300 --kube-api-burst=400
}

kubectl_get() {
  kubectl get "$@" >/dev/null 2>&1
}

kubectl() {
  in_network "$state/bin/kubectl" --kubeconfig "$state/pki/admin.kubeconfig" "$@"
}

in_network() {
  nsenter --target "$(pid_of network)" --net -- "$@"
}

# await SECONDS PROCESS PROBLEM CONDITION…
await() {
  local seconds=$1 process=$2 problem=$3 deadline=$((SECONDS + $1))
  shift 3
  until "$@"; do
    pid_of "$process" >/dev/null || say_and_fail "$process" "\`$process\` ended"
    ((SECONDS < deadline)) || say_and_fail "$process" "$problem after $seconds s"
    sleep 0.2
  done
}

say_and_fail() {
  tail -n 20 "$state/$1.log" >&2
  fail "$2 (above: the end of its log)"
}
