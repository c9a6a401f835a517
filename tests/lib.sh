# Shell functions that tests/run, .ci/run and ./quickstart share. Source it; it runs nothing by itself.
# shellcheck shell=bash

# Debian 12's names. What a build needs, what the tests need on top.
# shellcheck disable=SC2034 # used by those who source this file
BUILD_PACKAGES=(build-essential cmake ninja-build pkg-config libsofia-sip-ua-dev libssl-dev
	libsrtp2-dev libevent-dev libyaml-dev libjansson-dev libpcre2-dev libsqlite3-dev libsystemd-dev
	libcmocka-dev)
# shellcheck disable=SC2034
TEST_PACKAGES=(sip-tester baresip-core tshark dnsmasq-base iproute2 nftables stunnel4 openssl
	python3 util-linux clang-format shellcheck git pebble lego kamailio
	kamailio-tls-modules kamailio-presence-modules libxml2-utils rtpengine-daemon coturn linphone-cli groff python3-jsonschema python3-yaml)

die() {
	printf '%s\n' "$*" >&2
	exit 1
}

# Runs a command as root: directly, or through sudo.
as_root() {
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	else
		sudo -- "$@"
	fi
}

# missing_packages PACKAGE...: those that dpkg does not know as installed, one a line.
missing_packages() {
	local package
	for package in "$@"; do
		dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null |
			grep -qx installed || printf '%s\n' "$package"
	done
}

# need_packages PACKAGE...: says what is missing, then installs it. Nothing missing: nothing said.
need_packages() {
	local missing
	command -v dpkg-query >/dev/null || {
		printf 'This is no Debian: please see yourself that these are installed: %s\n' "$*"
		return 0
	}
	mapfile -t missing < <(missing_packages "$@")
	[ "${#missing[@]}" -gt 0 ] || return 0
	printf 'Installing with apt-get: %s\n' "${missing[*]}"
	# A test's peer that starts by itself would sit on the SIP ports.
	if [[ " ${missing[*]} " == *" kamailio "* ]] && [ -d /run/systemd/system ]; then
		printf 'Kamailio is for the tests alone: its service stays masked\n'
		as_root systemctl -q mask kamailio.service || return 1
	fi
	if [[ " ${missing[*]} " == *" rtpengine-daemon "* ]] && [ -d /run/systemd/system ]; then
		printf 'rtpengine is for the tests alone: its service stays masked\n'
		as_root systemctl -q mask rtpengine-daemon.service || return 1
	fi
	as_root apt-get -qq update || return 1
	as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends \
		install "${missing[@]}" || return 1
}

# configure_preset TOP PRESET: makes build/PRESET, once; later CMake looks after itself.
configure_preset() {
	[ -f "$1/build/$2/build.ninja" ] || (cd "$1" && cmake --preset "$2")
}

# build_preset TOP PRESET [TARGET...]: goes on after an error, so that one broken layer hides no other.
# Two builds in one directory wait for each other.
build_preset() {
	local top=$1 preset=$2
	shift 2
	mkdir -p "$top/build" || return 1
	(
		flock 9
		configure_preset "$top" "$preset" && ninja -C "$top/build/$preset" -k 0 "$@"
	) 9>"$top/build/$preset.lock"
}
