#!/bin/sh
# Installs the Debian 12 packages that a task needs and that are missing: tools/install_packages.sh GROUP...
# When nothing is missing it costs one dpkg-query (milliseconds), asks for no rights and prints nothing.
#
# Some of the packages are servers (redis-server, mariadb-server, webdis) that Debian starts on installation and at every boot. Here they
# are only opponents in tests and benchmarks, which start their own on a free port. So while apt runs, a policy-rc.d that
# answers 101 ("do not") stands guard, and it is gone afterwards; a policy-rc.d that is already there is left alone.
# Servers that this script has just installed are also kept from starting at boot. One that was there before is not touched.
set -eu

build="g++ cmake ninja-build ccache make curl librocksdb-dev libssl-dev libfmt-dev libcli11-dev libyaml-cpp-dev libgtest-dev zlib1g-dev libmariadb-dev libmongoc-dev libbson-dev pkg-config libgrpc++-dev libprotobuf-dev protobuf-compiler protobuf-compiler-grpc"
# Go, too, is used where it is: test/stores builds FerretDB with it. Debian 12's is too old for that (1.19, not 1.22), so it is
# not installed, and without another those tests are skipped.
# Java and node run what tests and benchmarks compare with. Whoever has them from elsewhere keeps those.
commands() {
  for each in java/default-jre-headless mvn/maven node/nodejs npm/npm; do
    command -v "${each%/*}" >/dev/null || printf ' %s' "${each#*/}"
  done
}
packages() {
  case $1 in
    build) echo "$build" ;;
    test) echo "$build python3 python3-pytest openssl slowhttptest python3-boto3 python3-pymongo awscli redis-server redis-tools mariadb-server galera-4 rsync$(commands)" ;;
    lint) echo "$build python3 clang-tidy-19 clang-format-19" ;;
    fuzz) echo "$build python3 clang-19 libclang-rt-19-dev" ;;
    bench) echo "$build python3 python3-boto3 mariadb-server redis-server redis-tools webdis wrk valgrind$(commands)" ;;
    *) echo "install_packages.sh: no group '$1'; there are: build test lint fuzz bench" >&2; exit 2 ;;
  esac
}
servers="redis-server mariadb webdis"

wanted=""
for group in "$@"; do
  names=$(packages "$group")
  wanted="$wanted $names"
done
if ! command -v dpkg-query >/dev/null; then
  echo "This is no Debian system, so nothing is installed. Needed:$wanted" >&2
  exit 0
fi

# shellcheck disable=SC2086  # the lists are meant to be split
present=" $(dpkg-query -W -f='${db:Status-Status}/${Package} ' $wanted 2>/dev/null || true)"
missing=""
for name in $wanted; do
  case "$present$missing " in
    *" installed/$name "* | *" $name "*) ;;
    *) missing="$missing $name" ;;
  esac
done
[ -n "$missing" ] || exit 0

echo "Installing Debian packages:$missing"
as_root=""
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null; then
    echo "This needs root and there is no sudo. As root: apt-get install --no-install-recommends$missing" >&2
    exit 1
  fi
  as_root="sudo"
fi

guard=/usr/sbin/policy-rc.d
log=$(mktemp)
guarded=""
leave() {
  [ -z "$guarded" ] || $as_root rm -f "$guard"
  rm -f "$log"
}
trap leave EXIT
trap 'exit 130' INT TERM
if [ ! -e "$guard" ]; then
  guarded=yes
  printf '#!/bin/sh\nexit 101\n' | $as_root tee "$guard" >/dev/null
  $as_root chmod 755 "$guard"
fi

apt() {
  $as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 "$@" >>"$log" 2>&1 </dev/null
}
# shellcheck disable=SC2086
if ! apt update || ! apt install --no-install-recommends $missing; then
  tail -n 25 "$log" >&2
  echo "The packages could not be installed; the lines above say why. By hand: apt-get install --no-install-recommends$missing" >&2
  exit 1
fi
for name in $servers; do
  case "$missing " in
    *" $name "*) $as_root update-rc.d "$name" disable >>"$log" 2>&1 || true ;;
  esac
done
