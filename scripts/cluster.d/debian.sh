# shellcheck shell=bash
# Sourced. Single files out of Debian packages, without installing them: etcd-server would start an etcd of its own.

fetch_etcd() {
  local into=$1 work
  work=$(mktemp -d)
  (cd "$work" && { apt-get -qq download etcd-server || { apt-get -qq update && apt-get -qq download etcd-server; }; } >&2) ||
    die "the Debian package etcd-server cannot be downloaded"
  dpkg-deb -x "$work"/etcd-server_*.deb "$work/tree"
  mv "$work/tree/usr/bin/etcd" "$into"
  rm -rf "$work"
}
