#!/bin/sh
# What the image holds: rootfs.sh BINARY FOLDER puts usher and all that it needs to run into FOLDER, which is made.
#
# The libraries and the CA bundle are those of the machine that runs this: the one that BINARY was linked on. Fails
# where BINARY needs another library than those of glibc and GCC, or where there is no CA bundle.
set -eu

binary=$1
root=$2
bundle=${CA_BUNDLE:-/etc/ssl/certs/ca-certificates.crt}

die() { echo "rootfs.sh: $*" >&2; exit 1; }

[ -x "$binary" ] || die "there is no program $binary"
[ -s "$bundle" ] || die "there is no CA bundle at $bundle; install the package ca-certificates, or set CA_BUNDLE"
[ ! -e "$root" ] || die "there is something at $root already"

umask 022
mkdir -p "$root/usr/local/bin" "$root/etc/ssl/certs" "$root/etc/usher"
cp -L "$bundle" "$root/etc/ssl/certs/ca-certificates.crt"
cp "$binary" "$root/usr/local/bin/usher"
chmod 755 "$root/usr/local/bin/usher"

# `name => path (address)`, and for the loader `path (address)`; linux-vdso has no path.
ldd "$binary" | awk '$2 == "=>" { print $1, $3 } $1 ~ /^\// { print "loader", $1 }' | while read -r name path; do
    case $name in
        libc.so.* | libm.so.* | libgcc_s.so.* | loader) ;;
        *) die "$binary needs $name; the image has only libc, libm and libgcc_s" ;;
    esac
    [ -e "$path" ] || die "$name, which $binary needs, is not on this machine"
    mkdir -p "$root$(dirname "$path")"
    cp -L "$path" "$root$path"
done
ls "$root"/lib*/ld-linux* >/dev/null 2>&1 || die "$binary names no loader; is it a program of this machine?"

echo 'nonroot:x:65532:65532:usher:/data:/sbin/nologin' >"$root/etc/passwd"
echo 'nonroot:x:65532:' >"$root/etc/group"
# For what the program writes while it runs; a volume is mounted on the first, and often on the second.
mkdir -m 700 "$root/data"
mkdir -m 1777 "$root/tmp"
