#!/usr/bin/env bash
# Builds the virtual environment in .venv. Run it as often as you like: it does nothing when nothing has changed.
#
#   tools/setup.sh runtime      what the service needs to run (requirements.txt)
#   tools/setup.sh dev          the same, and what the tests need (requirements-dev.txt)
#   tools/setup.sh find-python  only prints the Python that would be used
#
# LCM_PYTHON names the Python to use; without it one is looked for.
set -euo pipefail
export LC_ALL=C.UTF-8
# What the caller's shell may say about Python is no business of this environment.
unset PYTHONHOME PYTHONPATH || true

tools=${BASH_SOURCE[0]%/*}
[ "$tools" = "${BASH_SOURCE[0]}" ] && tools=.
cd "$tools/.."

# The order is by how well the pinned packages are tried on each: every pin has ready-made wheels for these three.
tried_versions="3.13 3.12 3.14"

# A candidate is run, not trusted by its name: a pyenv shim called python3.12 may exist and refuse to work,
# and Debian's Python comes without ensurepip until python3-venv is installed.
# Prints "3.13 /path/to/python3.13", or nothing where the candidate will not do.
probe() {
    "$1" -I -c '
import sys, sysconfig
if sys.version_info < (3, 12) or sys.version_info.releaselevel != "final":
    raise SystemExit(1)
if sysconfig.get_config_var("Py_GIL_DISABLED"):
    raise SystemExit(1)
import ensurepip, sqlite3, ssl, venv
print("%d.%d" % sys.version_info[:2], getattr(sys, "_base_executable", None) or sys.executable)
' 2>/dev/null </dev/null || true
}

candidates() {
    local version folder
    for version in $tried_versions 3.15 3.16; do
        type -ap "python$version" || true
    done
    type -ap python3 python || true
    for folder in "${PYENV_ROOT:-$HOME/.pyenv}"/versions/*/bin; do
        [ -x "$folder/python" ] && echo "$folder/python"
    done
    for folder in /usr/local/bin /opt/homebrew/bin /opt/python*/bin; do
        [ -x "$folder/python3" ] && echo "$folder/python3"
    done
    return 0
}

find_python() {
    local candidate answer found="" version
    if [ -n "${LCM_PYTHON:-}" ]; then
        answer=$(probe "$LCM_PYTHON")
        if [ -z "$answer" ]; then
            echo "set-up: LCM_PYTHON is $LCM_PYTHON, which is not a working Python 3.12 or newer with venv." >&2
            return 1
        fi
        echo "${answer#* }"
        return 0
    fi
    while IFS= read -r candidate; do
        answer=$(probe "$candidate")
        [ -n "$answer" ] && found+="$answer"$'\n'
        # The best version there is has been met: no need to ask the others.
        [ "${answer%% *}" = "${tried_versions%% *}" ] && break
    done < <(candidates)
    for version in $tried_versions; do
        while IFS= read -r answer; do
            if [ "${answer%% *}" = "$version" ]; then
                echo "${answer#* }"
                return 0
            fi
        done <<<"$found"
    done
    if [ -n "$found" ]; then
        answer=${found%%$'\n'*}
        echo "set-up: Python ${answer%% *} is newer than those this project was tried with; trying it all the same." >&2
        echo "${answer#* }"
        return 0
    fi
    # By echo, not by cat: where nothing is installed, that is not on the path either.
    echo >&2 'set-up: no Python 3.12 or newer with venv was found (searched: PATH, the versions of pyenv, /usr/local, /opt).
Install one, then run the same command again. One of these will do:
  Debian 13, Ubuntu 24.04 or newer:  apt-get install python3 python3-venv
  Fedora:                            dnf install python3.13
  macOS:                             brew install python@3.13
  anywhere, with pyenv:              pyenv install 3.13
A Python in an unusual place is named by LCM_PYTHON=/path/to/python.'
    return 1
}

# One number that changes when the environment has to be made again: the pins and the Python itself.
# Prints nothing where the environment's Python does not run (its base was removed, the folder was moved).
state_of() {
    .venv/bin/python -I -c '
import hashlib, pathlib, sys
total = hashlib.sha256((sys.version + sys.base_prefix + sys.prefix).encode())
for name in sys.argv[1:]:
    total.update(pathlib.Path(name).read_bytes())
print(total.hexdigest())
' "$@" 2>/dev/null || true
}

is_current() {  # is_current runtime|dev
    local stamp=.venv/.lcm-$1 state
    [ -f "$stamp" ] || return 1
    state=$(state_of $(requirement_files "$1"))
    [ -n "$state" ] && [ "$state" = "$(<"$stamp")" ]
}

requirement_files() {
    echo requirements.txt
    [ "$1" = dev ] && echo requirements-dev.txt
    return 0
}

install() {
    local files flags="" file
    files=$(requirement_files "$1")
    if .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r tools/uv.txt; then
        if .venv/bin/uv pip sync --quiet --require-hashes --python .venv/bin/python $files; then
            return 0
        fi
        echo "set-up: uv could not install the pins; trying pip." >&2
    else
        echo "set-up: uv could not be installed; trying pip." >&2
    fi
    for file in $files; do
        flags+=" -r $file"
    done
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes $flags
}

main() {
    local mode=$1 python started=$SECONDS
    # Two runs at once (two terminals, two makes) take turns where the system has flock.
    if command -v flock >/dev/null; then
        exec 9>.venv.lock
        flock 9
    fi
    # An environment with the tests' packages holds those of the service too.
    if is_current "$mode" || { [ "$mode" = runtime ] && is_current dev; }; then
        return 0
    fi
    if [ -z "$(state_of)" ] || [ -z "$(probe .venv/bin/python)" ]; then
        python=$(find_python)
        echo "set-up: making .venv with $("$python" -V)"
        rm -rf .venv
        "$python" -m venv .venv
    fi
    echo "set-up: installing the pinned packages ($mode)"
    rm -f .venv/.lcm-runtime .venv/.lcm-dev
    install "$mode"
    state_of $(requirement_files "$mode") >".venv/.lcm-$mode"
    echo "set-up: ready after $((SECONDS - started)) s"
}

case "${1:-dev}" in
    runtime | dev) main "${1:-dev}" ;;
    find-python) find_python ;;
    *)
        echo "usage: tools/setup.sh runtime|dev|find-python" >&2
        exit 2
        ;;
esac
