# --- images ---------------------------------------------------------------------------------------------------------------

valid_reference() { case $1 in '' | *[!A-Za-z0-9._/:@-]*) return 1 ;; esac; }

# Says how far a pull is, from what it has printed so far: bytes a layer where it had a terminal, else layers.
pull_progress() {
  told=$(tr '\r' '\n' <"$job_dir/pull.log" 2>/dev/null | sed 's/\x1b\[[0-9;]*[A-Za-z]//g' | awk '
    function bytes(text,   n) { n = text + 0; if (text ~ /GB/) n *= 1e9; else if (text ~ /MB/) n *= 1e6; else if (text ~ /kB/) n *= 1e3; return n }
    match($0, /[0-9a-f]+: (Pulling fs layer|Waiting|Downloading|Verifying Checksum|Download complete|Extracting|Pull complete|Already exists)/) {
      line = substr($0, RSTART)
      id = line; sub(/:.*/, "", id)
      if (length(id) != 12) next
      seen[id] = 1
      if (line ~ /Downloading/ && match(line, /[0-9.]+ ?[kMG]?B\/[0-9.]+ ?[kMG]?B/)) {
        split(substr(line, RSTART, RLENGTH), part, "/")
        have[id] = bytes(part[1]); total[id] = bytes(part[2])
      }
      if (line ~ /Download complete|Extracting|Verifying/) have[id] = total[id]
      if (line ~ /Pull complete|Already exists/) { ended[id] = 1; have[id] = total[id] }
    }
    END {
      for (id in seen) { n++; m += ended[id]; d += have[id]; t += total[id] }
      if (n && t > 0) printf "%d %d bytes", d, t; else if (n) printf "%d %d layers", m, n
    }')
  [ -n "$told" ] && [ "$told" != "${told_before:-}" ] && {
    told_before=$told
    # shellcheck disable=SC2086
    progress $told
  }
  return 0
}

# Pulls image $1 with progress. On failure sets pull_code and pull_detail.
pull_image() {
  valid_reference "$1" || { pull_code=input-invalid; pull_detail="$1"; return 1; }
  : >"$job_dir/pull.log"
  if command -v script >/dev/null 2>&1 && script -qec true /dev/null >/dev/null 2>&1 </dev/null; then
    script -qefc "docker pull '$1' 2>&1; echo pull-exit=\$?" /dev/null </dev/null >"$job_dir/pull.log" 2>&1 &
  else
    { docker pull "$1" 2>&1; echo "pull-exit=$?"; } >"$job_dir/pull.log" &
  fi
  puller=$!
  while kill -0 "$puller" 2>/dev/null; do
    pull_progress
    sleep 0.3 2>/dev/null || sleep 1
  done
  wait "$puller" 2>/dev/null
  pull_progress
  grep -q 'pull-exit=0' "$job_dir/pull.log" && return 0
  pull_detail=$(tr '\r' '\n' <"$job_dir/pull.log" | sed 's/\x1b\[[0-9;]*[A-Za-z]//g' | grep -v '^pull-exit' | grep -iE 'error|denied|not found|no space|unknown|refused|timeout' | tail -n 1)
  [ -n "$pull_detail" ] || pull_detail=$(tr '\r' '\n' <"$job_dir/pull.log" | grep -v '^pull-exit' | tail -n 1)
  case $pull_detail in
    *'no space left'*) pull_code=disk-full ;;
    *'manifest unknown'* | *'not found'* | *'does not exist'*) pull_code=image-missing ;;
    *unauthorized* | *denied* | *'no basic auth'*) pull_code=registry-forbidden ;;
    *) pull_code=registry-unreachable ;;
  esac
  return 1
}

# Prints how a release names image $1 for good: repository@sha256:… where a registry gave one, else nothing.
image_pin() {
  docker image inspect --format '{{range .RepoDigests}}{{println .}}{{end}}' "$1" 2>/dev/null |
    awk -v ref="$1" 'BEGIN { repo = ref; sub(/@.*/, "", repo); if (repo !~ /^sha256/) sub(/:[^:\/]*$/, "", repo) } { r = $0; sub(/@.*/, "", r) } r == repo { print; found = 1; exit } NF && first == "" { first = $0 } END { if (!found && first != "") print first }'
}

image_id() { docker image inspect --format '{{.Id}}' "$1" 2>/dev/null; }
image_version() { docker image inspect --format '{{index .Config.Labels "org.opencontainers.image.version"}}' "$1" 2>/dev/null | grep -v '^<no value>$'; }

