#!/bin/bash
# Builds the images that the lab runs dynos in, on this machine and without any registry: blacksky-node:local holds
# Node, a shell and a few tools with their libraries, taken from this machine; blacksky-md:local is the final stage
# of the project's Dockerfile over what is built and installed here. Needs a running Docker engine; about ten seconds.
set -euo pipefail

cd "$(dirname "$0")/../../../.."
base=blacksky-node:local
bot=blacksky-md:local
node=$(readlink -f node_modules/.bin/node)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# copy_program FILE NAME: into the tree, with the libraries that it loads, where its loader looks for them.
copy_program() {
  local file=$1 library
  install -D "$file" "$work/tree/usr/local/bin/$2"
  for library in $(ldd "$file" | grep -oE '/[^ ]+'); do
    [ -e "$work/tree$library" ] || install -D "$(readlink -f "$library")" "$work/tree$library"
  done
}

# The classic builder: buildx is not part of Debian's docker.io.
export DOCKER_BUILDKIT=0

version=$("$node" --version)
if [ "$(docker image inspect --format '{{.Comment}}' "$base" 2>/dev/null)" != "$version" ]; then
  copy_program "$node" node
  for tool in sh env sleep setsid cat; do copy_program "$(readlink -f "$(command -v "$tool")")" "$tool"; done
  mkdir -p "$work/tree"/{bin,usr/bin,tmp,app,proc,sys,dev,etc}
  ln -s ../usr/local/bin/sh "$work/tree/bin/sh"
  ln -s ../local/bin/env "$work/tree/usr/bin/env"
  chmod 1777 "$work/tree/tmp"
  tar -C "$work/tree" -c . | docker import --message "$version" - "$base" >/dev/null
  echo "$base built: Node ${version#v}"
fi

npm run --silent build:bot
{
  echo "ARG NODE_IMAGE=$base"
  sed -n '/^FROM ${NODE_IMAGE}$/,$p' Dockerfile | sed 's#--from=build /app/##'
} >"$work/Dockerfile"
# What it copies, but for the packages: of these there are more than it wants.
copied=$(sed -n 's/^COPY \(.*\) [^ ]*$/\1/p' "$work/Dockerfile" | grep -vx node_modules)
# Without the project itself, and without what lies below another package: that comes with it.
npm ls --omit=dev --all --parseable | sed "1d; s#^$PWD/##" | grep -v 'node_modules/.*/node_modules/' >"$work/packages"
if ! tar -c --hard-dereference -C "$work" Dockerfile -C "$PWD" $copied --files-from "$work/packages" |
  docker build --quiet --tag "$bot" - >"$work/log" 2>&1; then
  cat "$work/log" >&2
  exit 1
fi
echo "$bot built"
