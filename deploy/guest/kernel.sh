# Makes the guest's kernel and initial file system of Debian's packages, once, for deploy/vm. Sourced by it, with
# common.sh.
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # $guest is deploy/vm's, $cache and $root are those of common.sh.

# What the guest loads, with all that these need.
readonly modules=(
    virtio_pci virtio_net virtio_console 9pnet_virtio 9p
    can can-dev can-raw can-bcm can-gw can-isotp can-j1939 vcan vxcan slcan kvaser_pci sch_tbf
)
# What /init uses of busybox.
readonly applets=(
    cat chroot hostname insmod ln mkdir mkfifo mount poweroff readlink setsid sh sleep stty sync umount
)

# Sets $guest to the folder that has kernel and initramfs; makes it where there is none that was made
# in the way that stands here.
find_guest() {
    local recipe
    mkdir -p "$cache"
    recipe=$({ printf '%s\n' "${modules[@]}" "${applets[@]}" && declare -f build_guest download_kernel \
        fetch_kernel dependencies unpack_kernel add_busybox add_modules pack; } | cksum)
    recipe=${recipe%% *}
    guest=$(newest_guest "$recipe")
    [[ -z $guest ]] || return 0
    lock guest
    guest=$(newest_guest "$recipe")
    [[ -n $guest ]] || build_guest "$recipe"
    unlock
}

newest_guest() {
    find "$cache" -maxdepth 1 -name "guest-*-$1" | sort -V | tail -n 1
}

# All is made in a folder aside, which gets its name when it is complete.
build_guest() {
    local work version image
    rm -rf "$cache"/.guest-*
    work=$(mktemp -d "$cache/.guest-XXXXXX")
    download_kernel "$work"
    version=$(cd "$work/lib/modules" && echo *)
    say "making the guest of Linux $version in $cache"
    mkdir -p "$work/done" "$work/initial/bin" "$work/initial/modules"
    image=$work/boot/vmlinuz-$version
    [[ -f $image ]] || image=$work/lib/modules/$version/vmlinuz
    unpack_kernel "$image" "$work/done/kernel"
    add_busybox "$work/initial"
    add_modules "$work" "$version"
    pack "$work/initial" | gzip >"$work/done/initramfs"
    guest=$cache/guest-$version-$1
    mv -T "$work/done" "$guest"
    rm -rf "$work"
}

# Unpacks the kernel that linux-image-amd64 stands for into folder $1; nothing gets installed.
download_kernel() {
    local package
    say 'downloading the kernel of the guest (about 100 MB)'
    if ! fetch_kernel "$1" 2>"$1/errors"; then
        "$root/deploy/install" update
        fetch_kernel "$1" 2>"$1/errors" || die "cannot download the kernel: $(cat "$1/errors")"
    fi
    for package in "$1"/*.deb; do
        dpkg -x "$package" "$1"
    done
    # From Debian 13 on everything is below /usr.
    [[ -d $1/lib ]] || ln -s usr/lib "$1/lib"
}

fetch_kernel() (
    cd "$1" || exit
    package=$(dependencies linux-image-amd64 image | head -n 1)
    [[ -n $package ]] || { echo 'apt knows no linux-image-amd64' >&2 && exit 1; }
    # From Linux 7 on that package only names those that hold the kernel and its modules.
    mapfile -t parts < <(dependencies "$package" base binary modules)
    apt-get -qq -o APT::Sandbox::User=root -o Acquire::Retries=5 download "$package" "${parts[@]}"
)

# The packages that package $1 depends on, of those of Linux of the kinds that follow.
dependencies() {
    local IFS='|'
    apt-cache depends "$1" | sed -nE "s/^ *(Pre)?Depends: (linux-(${*:2})-.*)/\\2/p"
}

# Writes the kernel that image $1 carries compressed to $2, or the image itself where none can be found that
# QEMU starts. Of the image, software emulation takes three seconds for the unpacking alone.
unpack_kernel() {
    local magic unpack offset
    # The ELF note by which a kernel says that it starts without its image (XEN_ELFNOTE_PHYS32_ENTRY, "PVH").
    local note='\x04\x00{3}[\x04\x08]\x00{3}\x12\x00{3}Xen\x00'
    for magic in '\xfd7zXZ\x00=xz' '\x28\xb5\x2f\xfd=zstd'; do
        unpack=${magic#*=}
        while read -r offset; do
            # What follows the kernel in the image ends this with an error.
            tail -c "+$((offset + 1))" "$1" | "$unpack" -qdc >"$2" 2>/dev/null || true
            [[ $(head -c 4 "$2" | tr -d '\0') == $'\x7fELF' ]] && LC_ALL=C grep -qaP "$note" "$2" && return
        done < <(LC_ALL=C grep -abo -P "${magic%=*}" "$1" | cut -d : -f 1)
    done
    cp "$1" "$2"
}

add_busybox() {
    local applet
    cp "$(command -v busybox)" "$1/bin/busybox"
    for applet in "${applets[@]}"; do
        ln -s busybox "$1/bin/$applet"
    done
}

# Puts the modules, unpacked, beside a file that names them in the order in which they load.
add_modules() {
    local work=$1 version=$2 file name
    depmod -b "$work" "$version"
    modprobe -d "$work" -S "$version" --show-depends -a "${modules[@]}" |
        sed -n 's/^insmod \([^ ]*\).*/\1/p' | awk '!seen[$0]++' >"$work/files"
    while read -r file; do
        name=${file##*/}
        case $file in
        *.xz) xz -dc "$file" >"$work/initial/modules/${name%.xz}" ;;
        *.zst) zstd -qdc "$file" >"$work/initial/modules/${name%.zst}" ;;
        *) cp "$file" "$work/initial/modules/$name" ;;
        esac
        printf '%s\n' "${name%.ko*}.ko" >>"$work/initial/modules/order"
    done <"$work/files"
}

# The archive of a folder, as the kernel unpacks it at boot.
pack() {
    (cd "$1" && find . | cpio --quiet -o -H newc -R 0:0)
}
