# shellcheck shell=bash
# shellcheck disable=SC2154 # here, state, cache, images, kernel, append: of scripts/cluster
# Sourced. One node: a machine of scripts/vm on the bridge `pods`, where kubelet, containerd and the Pods run on a kernel that
# enforces; kube-scheduler runs beside the control plane. The node's own part is scripts/cluster.d/node.

# Emulated: 100 s with both images on a machine that does little else, five minutes on one that boots others meanwhile.
NODE_SECONDS=900
NODE_MEMORY=6144
# The first of --service-cluster-ip-range: the Service `kubernetes`.
SERVICE_ADDRESS=10.96.0.1
# Its name stands in the node's containerd configuration too.
PAUSE_IMAGE=localhost/kernelseal-pause:1

# Fetches everything needed before anything is started in a network of its own.
prepare_node() {
  need_packages qemu-system-x86 busybox-static cpio kmod runc containernetworking-plugins socat clang libc6-dev ||
    fail "the programs a node takes are not there"
  local containerd=$cache/containerd
  mkdir -p "$containerd"
  [[ -e $containerd/ctr ]] ||
    take_from_package containerd usr/bin/containerd usr/bin/containerd-shim-runc-v2 usr/bin/ctr "$containerd" || exit 1
  "$here/vm.d/kernel" "$kernel" >/dev/null || fail "kernel \`$kernel\` is not available"
}

start_node() {
  start_scheduler
  start_service_address
  fill_node_folder
  in_network sh -c 'ip tuntap add dev node mode tap && ip link set node master pods up'
  echo "$kernel" >"$state/kernel"
  echo "lsm=lockdown,capability,bpf$append" >"$state/append"
  boot_node
  await $NODE_SECONDS node 'the node is not ready' node_is_ready
}

# Its temporary files go where `down` removes them.
boot_node() {
  start_process node env TMPDIR="$state" "$here/vm" --kernel "$(<"$state/kernel")" --append "$(<"$state/append")" \
    --tap node --memory $NODE_MEMORY --timeout 999999 --share "$state/node" --share "$(realpath "$state/bin")" \
    --share "$cache/containerd" -- bash scripts/cluster.d/node "$NODE" "$NODE_ADDRESS" "$API_ADDRESS" "$(<"$state/version")"
}

node_is_ready() {
  [[ $(kubectl get node "$NODE" -o 'jsonpath={.status.conditions[?(@.type=="Ready")].status}' 2>/dev/null) == True ]]
}

start_scheduler() {
  local credentials=$state/pki/scheduler.kubeconfig
  start_process kube-scheduler "$state/bin/kube-scheduler" --kubeconfig="$credentials" --leader-elect=false \
    --authentication-kubeconfig="$credentials" --authorization-kubeconfig="$credentials" --bind-address=127.0.0.1
}

# The one Service address that Pods need, the API server's own: without kube-proxy nothing else would answer there.
start_service_address() {
  in_network ip address add "$SERVICE_ADDRESS/32" dev pods
  start_process service-address socat "TCP-LISTEN:443,bind=$SERVICE_ADDRESS,fork,reuseaddr" "TCP:$API_ADDRESS:$API_PORT"
}

# All the node reads, at /share/node there.
fill_node_folder() {
  local folder=$state/node image
  mkdir -p "$folder/images"
  (umask 077 && cp "$state"/pki/{ca.crt,kubelet.crt,kubelet.key,node.kubeconfig} "$folder")
  make_pause_image "$state/pause.tar"
  for image in "$PAUSE_IMAGE=$state/pause.tar" "${images[@]}"; do give_image "${image%%=*}" "${image#*=}"; done
}

# give_image NAME FILE
give_image() {
  local stem
  stem=$state/node/images/$(cksum <<<"$1" | cut -d' ' -f1)
  echo "${1%:*}" >"$stem.name"
  cp --reflink=auto "$2" "$stem.tar" || fail "the image \`$1\` cannot be read from \`$2\`"
}

make_pause_image() {
  local root=$state/pause
  mkdir -p "$root"
  clang -Os -static -s -o "$root/pause" "$here/cluster.d/pause.c" || fail "pause.c cannot be compiled"
  "$here/../node_modules/.bin/node" "$here/cluster.d/image.ts" "$1" "$PAUSE_IMAGE" "$root" -- /pause
}
