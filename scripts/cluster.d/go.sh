# shellcheck shell=bash
# Sourced. The Go toolchains the builds need.

# use_go VERSION FOLDER: puts a Go of at least VERSION first on PATH, and sets the variables a build should have. From 1.21
# on Go fetches the toolchain that a go.mod asks for by itself; on a machine without such a Go, Debian's 1.19 fetches the
# same module (golang.org/toolchain), which only lacks the permission to run.
use_go() {
  local wanted=$1 folder=$2 toolchain
  export GOTOOLCHAIN=auto GOFLAGS="-mod=mod -buildvcs=false -p=${KERNELSEAL_BUILD_JOBS:-1}" GOCACHE=$folder/gocache
  if command -v go >/dev/null && at_least "$(go_release go)" 1.21; then return 0; fi
  need_packages golang-1.19-go ca-certificates
  toolchain=$(GOFLAGS=-mod=mod GO111MODULE=on /usr/lib/go-1.19/bin/go mod download -json "golang.org/toolchain@v0.0.1-go$wanted.linux-$(dpkg --print-architecture)" |
    sed -n 's/^\t"Dir": "\(.*\)",$/\1/p')
  [[ -n $toolchain ]] || return 1
  chmod -R u+w "$toolchain" && chmod +x "$toolchain"/bin/* "$toolchain"/pkg/tool/*/*
  export GOROOT=$toolchain PATH=$toolchain/bin:$PATH GOTOOLCHAIN=local
}

# `go version go1.26.8 linux/amd64`
go_release() {
  GOTOOLCHAIN=local "$1" version | sed -n 's/^go version go\([0-9.]*\).*/\1/p'
}

at_least() {
  [[ $(printf '%s\n' "$1" "$2" | sort -V | head -1) == "$2" ]]
}
