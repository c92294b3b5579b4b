# shellcheck shell=bash
# Sourced by scripts/demo. demo_cluster KERNEL: the story with kubectl, on a cluster that is made for it and taken away.

demo_cluster() {
  name=demo-$$ work=$(mktemp -d)
  trap end_cluster EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
  local images options
  printf '\n==> Building the images of agent, webhook and application\n'
  images=$(scripts/cluster.d/test-images "$work")
  mapfile -t options <<<"$images"
  printf '\n==> Starting a Kubernetes control plane, and a node whose kernel (%s) enforces: two minutes\n' "$1"
  scripts/cluster up --name "$name" --node --kernel "$1" "${options[@]}"
  scripts/cluster run --name "$name" -- node_modules/.bin/node scripts/demo.d/cluster/main.ts
}

end_cluster() {
  trap '' INT TERM HUP
  scripts/cluster down --name "$name"
  rm -rf "$work"
}
