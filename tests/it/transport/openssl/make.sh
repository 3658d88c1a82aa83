#!/bin/sh
# Makes the certificates beside it, as administrators make them: `own` by the book, `common-name` without a subjectAltName.
# Their keys guard nothing.
set -eu
cd "$(dirname "$0")"
make() {
    name=$1
    shift
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 36500 -subj /CN=127.0.0.1 "$@" \
        -keyout "$name.key" -out "$name.pem"
}
make own -addext subjectAltName=IP:127.0.0.1
make common-name
