#!/usr/bin/env bash
# Installs the browser that the tests of reports need, where that can be done; without it these tests are skipped.
set -euo pipefail
if command -v chromium >/dev/null; then
    exit 0
fi
if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
    echo "no chromium, and it can only be installed as root by apt-get: tests in a browser will be skipped" >&2
    exit 0
fi
export DEBIAN_FRONTEND=noninteractive
if ! { apt-get install -y --no-install-recommends chromium || { apt-get update && apt-get install -y --no-install-recommends chromium; }; } >/dev/null 2>&1; then
    echo "chromium could not be installed by apt-get: tests in a browser will be skipped" >&2
fi
