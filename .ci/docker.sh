# Sourced by run: a Docker engine where none answers, and the local Postgres image. Whatever is started here
# is stopped by stop_docker. Functions print the reason and return 1 where something cannot be.

docker_pid=

# Debian's packages, only what is missing.
install_docker() {
  local missing=()
  command -v dockerd >/dev/null || missing+=(docker.io)
  command -v iptables >/dev/null || missing+=(iptables)
  command -v debootstrap >/dev/null || missing+=(debootstrap)
  [ ${#missing[@]} -eq 0 ] && return 0
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "not root on Debian, so ${missing[*]} cannot be installed"
    return 1
  fi
  if ! { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}"; } \
    >"$work/apt.log" 2>&1; then
    tail -n 3 "$work/apt.log"
    echo "apt-get could not install ${missing[*]}"
    return 1
  fi
}

docker_answers() {
  timeout 10 docker version >/dev/null 2>&1
}

start_docker() {
  docker_answers && return 0
  if [ "$(id -u)" != 0 ]; then
    echo 'no Docker engine answers, and only root can start one'
    return 1
  fi
  install_docker || return 1
  dockerd --pidfile "$work/dockerd.pid" >"$work/dockerd.log" 2>&1 &
  docker_pid=$!
  for _ in $(seq 60); do
    docker_answers && return 0
    kill -0 "$docker_pid" 2>/dev/null || break
    sleep 0.5
  done
  tail -n 3 "$work/dockerd.log"
  echo 'dockerd did not come up'
  stop_docker
  return 1
}

build_image() {
  command -v debootstrap >/dev/null || install_docker || return 1
  sim/postgres/image/build.sh
}

stop_docker() {
  [ -z "$docker_pid" ] && return 0
  kill "$docker_pid" 2>/dev/null || true
  wait "$docker_pid" 2>/dev/null || true
  docker_pid=
}
