# shellcheck shell=bash
# shellcheck disable=SC2154 # cache, repository: of `images`
# Sourced. make_base: one image that stands for both the Dockerfiles begin with, made of Debian 12's packages, of the Node that
# the tests run on, and of npm. Sets `base` to its name.

make_base() {
  local node
  node=$("$repository/node_modules/.bin/node" --version)
  base=localhost/kernelseal-base:bookworm-node-${node#v}
  bud inspect --type image "$base" >/dev/null 2>&1 && return
  echo "==> making the image that others begin with, of Debian packages and Node $node"
  local work container
  # One that failed has left 650 MB; under the lock there is no other.
  rm -rf "$cache"/base.*
  work=$(mktemp -d "$cache/base.XXXXXX")
  debian_root "$work/root.tar"
  npm install --loglevel error --no-audit --no-fund --prefix "$work/npm" npm@11
  container=$(bud from scratch)
  bud add --quiet "$container" "$work/root.tar" / >/dev/null
  bud copy --quiet "$container" "$(readlink -f "$repository/node_modules/node/bin/node")" /usr/local/bin/node >/dev/null
  bud copy --quiet "$container" "$work/npm/node_modules/npm" /usr/local/lib/node_modules/npm >/dev/null
  bud run --isolation chroot "$container" -- ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm
  bud config --env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$container"
  bud commit --quiet --rm "$container" "$base" >/dev/null
  rm -r "$work"
}

# The packages the Dockerfiles would install are there already: apt's own settings for them stay outside.
debian_root() {
  local mirror
  mirror=$(apt-get indextargets --format "\$(RELEASE) \$(REPO_URI)" 'Created-By: Packages' 'Origin: Debian' |
    awk '$1 == "bookworm" { print $2; exit }')
  [[ $mirror ]] || {
    echo "error: this machine's apt has no source for Debian 12 (bookworm)" >&2
    return 1
  }
  mmdebstrap --quiet --variant=minbase --aptopt='Acquire::Languages "none"' \
    --include=ca-certificates,clang,llvm,libbpf-dev,libbpf1,bpftool,make,libstdc++6 bookworm "$1" \
    "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror bookworm main"
}
