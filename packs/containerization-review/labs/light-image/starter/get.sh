#!/bin/sh
# A package tool in the place of apt-get: it works alike, and has its packages with it, since a build has no network here.
#
#   sh get.sh update                   fetches the list of packages
#   sh get.sh install [--only] NAME…   installs packages, and unless --only those that they recommend
#   sh get.sh clean                    deletes the list and the archives

LIST=/var/lib/get/list
ARCHIVES=/var/cache/get

fail() {
    echo "get.sh: $1" >&2
    exit 1
}

# Prints as many KiB as it is told; what a package holds does not matter here, only how much it is.
kib() {
    head -c "$(($1 * 1024))" /dev/zero
}

size_of() {
    case "$1" in
    tides) echo 100 ;;
    charts) echo 1200 ;;
    pictures) echo 3000 ;;
    editor) echo 5000 ;;
    esac
}

# charts recommends a picture of each chart.
recommended_by() {
    case "$1" in
    charts) echo pictures ;;
    esac
}

update() {
    mkdir -p "${LIST%/*}"
    kib 1500 > "$LIST"
    echo "The list of packages is there: 1500 KiB."
}

install_one() {
    size=$(size_of "$1")
    mkdir -p "$ARCHIVES" "/opt/$1"
    kib "$size" > "$ARCHIVES/$1.archive"
    cp "$ARCHIVES/$1.archive" "/opt/$1/data"
    case "$1" in
    charts)
        echo 7 > /opt/charts/depth
        ;;
    tides)
        cat > /opt/tides/tides.sh << 'PROGRAM'
#!/bin/sh
# Tells how high the water will be: the highest of today's levels, over the depth in the charts.
[ -f /opt/charts/depth ] || { echo "tides: the package charts is missing." >&2; exit 1; }
[ -f /app/levels.txt ] || { echo "tides: there is no /app/levels.txt." >&2; exit 1; }
echo "High water: $(sort -n /app/levels.txt | tail -n 1) cm over a charted depth of $(cat /opt/charts/depth) m"
PROGRAM
        ;;
    esac
    echo "$1 is installed: $size KiB$2."
}

install() {
    with_recommended=yes
    if [ "$1" = --only ]; then
        with_recommended=no
        shift
    fi
    [ -f "$LIST" ] || fail "There is no list of packages. Run 'get.sh update' first."
    [ $# -gt 0 ] || fail "Which packages? There are tides, charts, pictures and editor."
    for name in "$@"; do
        [ -n "$(size_of "$name")" ] || fail "There is no package '$name'. There are tides, charts, pictures and editor."
    done
    for name in "$@"; do
        install_one "$name" ""
        if [ "$with_recommended" = yes ]; then
            for other in $(recommended_by "$name"); do
                install_one "$other" ", recommended by $name"
            done
        fi
    done
}

clean() {
    rm -rf "${LIST%/*}" "$ARCHIVES"
    echo "The list and the archives are gone."
}

command=$1
[ $# -eq 0 ] || shift
case "$command" in
update) update ;;
install) install "$@" ;;
clean) clean ;;
*) fail "'$command' is not known. There are update, install [--only] NAME… and clean." ;;
esac
