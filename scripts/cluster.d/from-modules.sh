# shellcheck shell=bash
# shellcheck disable=SC2154 # cache, programs: of `kubernetes`
# Sourced. Kubernetes from the Go module k8s.io/kubernetes. Its go.mod replaces the modules of its staging folder by
# folders that are not part of the module; a module of our own names their published versions instead (v1.36.3 → v0.36.3).

from_modules_possible() {
  (
    use_go 1.26.0 "$cache/build" >/dev/null
    cd /
    timeout 120 go mod download "k8s.io/kubernetes@v$1"
  ) >/dev/null 2>&1
}

build_from_modules() {
  local version=$1 work=$2 their
  use_go 1.26.0 "$work"
  mkdir -p "$work/module"
  cd "$work/module" || return
  their=$(go mod download -json "k8s.io/kubernetes@v$version" | sed -n 's/^\t"GoMod": "\(.*\)",$/\1/p')
  wrapper_module "$version" "$their" >go.mod
  local program
  for program in "${programs[@]}"; do
    CGO_ENABLED=0 nice -n 10 go build -trimpath -ldflags "$(version_flags "$version")" -o "$work/bin/$program" "k8s.io/kubernetes/cmd/$program" || return
  done
}

# wrapper_module VERSION THEIR_GO_MOD
wrapper_module() {
  local program
  printf 'module kernelseal.test/kubernetes\n\n'
  grep '^go ' "$2"
  printf '\nrequire k8s.io/kubernetes v%s\n\nreplace (\n' "$1"
  awk -v version="v0.${1#1.}" '$2 == "=>" && $3 ~ /^\.\/staging\// { print "\t" $1 " => " $1 " " version }' "$2"
  printf ')\n\ntool (\n'
  for program in "${programs[@]}"; do printf '\tk8s.io/kubernetes/cmd/%s\n' "$program"; done
  printf ')\n'
}

# The version is set at link time only: without it a server says it is v0.0.0, and the webhook believes it.
version_flags() {
  local flags='-s -w' package=k8s.io/component-base/version
  local major minor
  IFS=. read -r major minor _ <<<"$1"
  echo "$flags -X $package.gitVersion=v$1 -X $package.gitMajor=$major -X $package.gitMinor=$minor -X $package.gitTreeState=clean"
}
