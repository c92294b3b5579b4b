# shellcheck shell=bash
# shellcheck disable=SC2154 # programs: of `kubernetes`
# Sourced. Kubernetes 1.20.2 from the source package of Debian 12, for machines without a Go module proxy and for the
# tests of old servers' gaps. The package has all it needs beside it (vendor/, staging/).

build_from_debian() {
  local version=$1 work=$2
  need_packages golang-1.19-go golang-github-modern-go-reflect2-dev dpkg-dev || return
  download_source "$work" || return
  local source=$work/gopath/src/k8s.io/kubernetes
  mkdir -p "$(dirname "$source")"
  ln -sfn "$work/kubernetes-$version" "$source"
  export GOROOT=/usr/lib/go-1.19 PATH=/usr/lib/go-1.19/bin:$PATH GOTOOLCHAIN=local
  export GO111MODULE=off GOPATH=$work/gopath GOCACHE=$work/gocache GOFLAGS=-p=${KERNELSEAL_BUILD_JOBS:-1} GOPROXY=off
  # The vendored reflect2 1.0.1 makes a server built with Go 1.18 or later crash at its first Pod; Debian has 1.0.2.
  rm -rf "$source/vendor/github.com/modern-go/reflect2"
  cp -rL /usr/share/gocode/src/github.com/modern-go/reflect2 "$source/vendor/github.com/modern-go/" || return
  cd "$source" || return
  [[ -s pkg/generated/openapi/zz_generated.openapi.go ]] || generate_openapi "$work" || return
  local program
  for program in "${programs[@]}"; do
    CGO_ENABLED=0 nice -n 10 go build -trimpath -tags 'providerless dockerless' -ldflags "$(old_version_flags "$version")" \
      -o "$work/bin/$program" "k8s.io/kubernetes/cmd/$program" || return
  done
}

# The version the package itself gives is 1.20.5+really1.20.2. With package lists of its own: this machine's apt may not have the sources switched on.
download_source() {
  local work=$1 lists=$1/apt mirror
  [[ ! -e $work/kubernetes-1.20.2/cmd/kube-apiserver ]] || return 0
  mkdir -p "$lists"/{lists/partial,cache/archives/partial,parts}
  : >"$lists/status"
  mirror=$(apt-get indextargets --format "\$(RELEASE) \$(REPO_URI)" 'Created-By: Packages' 'Origin: Debian' | awk '$1 == "bookworm" { print $2; exit }')
  [[ -n $mirror ]] || { echo "this machine's apt has no source for Debian 12 (bookworm)" && return 1; }
  echo "deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror bookworm main" >"$lists/sources.list"
  local apt=(-o "Dir::Etc::sourcelist=$lists/sources.list" -o "Dir::Etc::sourceparts=$lists/parts"
    -o "Dir::State::Lists=$lists/lists" -o "Dir::State::status=$lists/status" -o "Dir::Cache=$lists/cache"
    -o Acquire::Languages=none -o Acquire::Retries=3 -o APT::Sandbox::User=root -o APT::Update::Post-Invoke-Success::=)
  apt-get "${apt[@]}" -qq update || return
  (cd "$work" && apt-get "${apt[@]}" -qq source --download-only kubernetes && tar -xf kubernetes_*.orig.tar.* && rm -f kubernetes_*)
}

# The one generated file the package leaves out; Makefile.generated_files makes it of the packages that carry the tag.
generate_openapi() {
  local work=$1 us=k8s.io/kubernetes packages
  nice -n 10 go build -o "$work/openapi-gen" $us/vendor/k8s.io/kube-openapi/cmd/openapi-gen || return
  packages=$(grep -rl --include='*.go' '^// *+k8s:openapi-gen=' pkg staging/src/k8s.io cmd vendor/k8s.io |
    grep -v -e _test.go -e /testdata/ -e sample-apiserver -e code-generator -e kube-openapi/test -e /examples/ |
    xargs -n1 dirname | sed -e "s#^staging/src/#$us/vendor/#" -e "s#^\(pkg\|cmd\|vendor\)/#$us/\1/#" | sort -u | paste -sd,)
  "$work/openapi-gen" -O zz_generated.openapi -i "$packages" -p $us/pkg/generated/openapi \
    -h vendor/k8s.io/code-generator/hack/boilerplate.go.txt -r "$work/violations"
}

old_version_flags() {
  local flags='-s -w' package
  for package in k8s.io/kubernetes/vendor/k8s.io/component-base/version k8s.io/kubernetes/vendor/k8s.io/client-go/pkg/version; do
    flags+=" -X $package.gitVersion=v$1 -X $package.gitMajor=1 -X $package.gitMinor=20 -X $package.gitTreeState=archive"
    # kubectl parses this one.
    flags+=" -X $package.buildDate=2021-01-13T13:20:00Z"
  done
  echo "$flags"
}
