# Sourced by bin/switchback and tools/bun. Expects $root (the package folder), sets $bun to a Bun that really runs.
# npm's .bin/bun is not used: where install scripts are off it is a stub that only prints an error.

# A real Bun is about 100 MB; the stub that a skipped install script leaves behind is some hundred bytes.
is_real_bun() { [ -f "$1" ] && [ -x "$1" ] && [ -n "$(find -H "$1" -prune -size +1000k 2>/dev/null)" ]; }

# The oldest version whose HTTP client and server the gateway was measured on.
is_recent_bun() {
  version=$("$1" --version 2>/dev/null) || return 1
  major=${version%%.*}
  minor=${version#*.}
  minor=${minor%%.*}
  case $major$minor in '' | *[!0-9]*) return 1 ;; esac
  [ "$major" -gt 1 ] || { [ "$major" -eq 1 ] && [ "$minor" -ge 4 ]; }
}

fail_without_bun() {
  printf 'switchback: %s\n  why: %s\n  do:  %s\n' "$1" "$2" "$3" >&2
  exit 127
}

# Looks where npm may have put the platform's package: with scripts it is moved into bun/bin, without them it stays in @oven.
find_bun_above() {
  folder=$1
  while :; do
    for name in $platform_packages; do
      candidate=$folder/node_modules/@oven/$name/bin/bun
      if is_real_bun "$candidate"; then
        bun=$candidate
        return 0
      fi
    done
    candidate=$folder/node_modules/bun/bin/bun.exe
    if is_real_bun "$candidate"; then
      bun=$candidate
      return 0
    fi
    case $folder in / | '') return 1 ;; esac
    folder=${folder%/*}
    [ -n "$folder" ] || folder=/
  done
}

find_bun() {
  bun=${SWITCHBACK_BUN:-}
  if [ -n "$bun" ]; then
    [ -f "$bun" ] && [ -x "$bun" ] && return 0
    fail_without_bun "SWITCHBACK_BUN is not a program: $bun" 'the variable must hold the path of a Bun executable' \
      'correct it, or unset it to use the Bun that npm installed'
  fi

  case $(uname -m) in
    x86_64 | amd64) cpu=x64 ;;
    aarch64 | arm64) cpu=aarch64 ;;
    *) cpu=unknown ;;
  esac
  case $(uname -s) in
    Linux)
      libc=
      for loader in /lib/ld-musl-*; do [ -e "$loader" ] && [ ! -e /lib64/ld-linux-x86-64.so.2 ] && [ ! -e /lib/ld-linux-aarch64.so.1 ] && libc=-musl; done
      platform_packages="bun-linux-$cpu$libc bun-linux-$cpu$libc-baseline"
      ;;
    Darwin) platform_packages="bun-darwin-$cpu bun-darwin-$cpu-baseline" ;;
    FreeBSD) platform_packages="bun-freebsd-$cpu" ;;
    *) platform_packages= ;;
  esac
  find_bun_above "$root" && return 0

  bun=$(command -v bun 2>/dev/null) || bun=
  [ -n "$bun" ] || fail_without_bun 'Bun 1.4 or later was not found' \
    "npm left out the optional dependency 'bun', and there is no bun on the PATH" \
    "run 'npm install' again without --omit=optional, or 'npm install -g bun', or set SWITCHBACK_BUN to a Bun executable"
  is_recent_bun "$bun" || fail_without_bun "the Bun on the PATH does not run or is older than 1.4: $bun" \
    "npm left out the optional dependency 'bun', so the PATH was tried" \
    "run 'npm install' again without --omit=optional, or 'npm install -g bun', or set SWITCHBACK_BUN to a newer Bun"
}
