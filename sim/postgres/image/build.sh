#!/bin/bash
# Builds the Docker image blacksky-postgres:local from Debian packages, for machines that reach a Debian
# mirror but no image registry. Does nothing when the image exists. Needs root, debootstrap and a running
# Docker engine; takes about a minute and 650 MB.
set -euo pipefail

image=blacksky-postgres:local
base=blacksky-postgres-base:local
mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}
here=$(cd "$(dirname "$0")" && pwd)

if docker image inspect "$image" >/dev/null 2>&1; then
  echo "$image exists"
  exit 0
fi

if ! docker image inspect "$base" >/dev/null 2>&1; then
  root=$(mktemp -d /var/tmp/blacksky-image.XXXXXX)
  trap 'rm -rf "$root"' EXIT
  echo "Installing Debian 12 with PostgreSQL 15 from $mirror"
  if ! debootstrap --variant=minbase --include=postgresql-15 bookworm "$root/tree" "$mirror" >"$root/log" 2>&1; then
    tail -n 20 "$root/log" >&2
    exit 1
  fi
  rm -rf "$root"/tree/var/cache/apt/* "$root"/tree/var/lib/apt/lists/* "$root"/tree/usr/share/{doc,man,locale}/*
  # The packages made a cluster of their own; the entry script makes the one that is used.
  rm -rf "$root"/tree/var/lib/postgresql/15
  tar -C "$root/tree" --one-file-system -c . | docker import - "$base" >/dev/null
fi

# The classic builder: buildx is not part of Debian's docker.io.
DOCKER_BUILDKIT=0 docker build --quiet --tag "$image" "$here" >/dev/null
echo "$image built"
