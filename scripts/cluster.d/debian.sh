# shellcheck shell=bash
# Sourced. Single files out of Debian packages, without installing them: etcd-server would start an etcd of its own, and
# containerd a containerd.

fetch_etcd() {
  take_from_package etcd-server usr/bin/etcd "$(dirname "$1")"
}

# take_from_package PACKAGE FILE… FOLDER: copies the package's files there, each whole or not at all.
take_from_package() {
  local package=$1 folder=${*: -1} work file
  work=$(mktemp -d)
  (cd "$work" && { apt-get -qq download "$package" || { apt-get -qq update && apt-get -qq download "$package"; }; } >&2) || {
    rm -rf "$work"
    echo "error: the Debian package $package cannot be downloaded" >&2
    return 1
  }
  dpkg-deb -x "$work/$package"_*.deb "$work/tree"
  for file in "${@:2:$#-2}"; do
    cp "$work/tree/$file" "$folder/.$$" && mv "$folder/.$$" "$folder/$(basename "$file")" || return
  done
  rm -rf "$work"
}
