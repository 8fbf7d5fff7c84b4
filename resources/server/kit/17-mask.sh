# --- what is not told ----------------------------------------------------------------------------------------------------

# Values of environments, and what is shaped like a secret, must not get into feed, journal, states or output (SPEC SE3 SE4).
# Known are the environments of all releases of the service, and what a release's file names as `# hidden:` beside them. The
# rules are those of src/core/mask.ts. Values reach awk by standard input: what stands in arguments, ps shows to everybody.

# awk: the values that are looked for, each in its spellings, one a line. Reads open words, a line \001, then compose.yaml files
# as the app renders them. For awks of any make: no counted repetition.
mask_choose='
function unquoted(text,   out, c, i) {
  if (substr(text, 1, 1) != "\"") return text
  out = ""
  for (i = 2; i < length(text); i++) {
    c = substr(text, i, 1)
    if (c == "\\") {
      c = substr(text, ++i, 1)
      if (c == "n" || c == "r") c = "\n"
      else if (c == "t") c = "\t"
      else if (c == "u") { c = "\n"; i += 4 }
    }
    out = out c
  }
  return out
}
function without(text, from, to,   at, out) {
  out = ""
  while ((at = index(text, from)) > 0) { out = out substr(text, 1, at - 1) to; text = substr(text, at + length(from)) }
  return out text
}
function encoded(text,   i, out) {
  out = ""
  for (i = 1; i <= length(text); i++) out = out code[substr(text, i, 1)]
  return out
}
function decoded(text,   at, high, low) {
  if (text !~ /%[0-9A-Fa-f][0-9A-Fa-f]/) return text
  for (at = 1; at <= length(text) - 2; at++) {
    if (substr(text, at, 1) != "%") continue
    high = index("0123456789abcdef", tolower(substr(text, at + 1, 1))) - 1
    low = index("0123456789abcdef", tolower(substr(text, at + 2, 1))) - 1
    if (high >= 0 && low >= 0 && high * 16 + low > 31) text = substr(text, 1, at - 1) sprintf("%c", high * 16 + low) substr(text, at + 3)
  }
  return text
}
function telling(v,   l) {
  l = tolower(v)
  if (length(v) < 6 || (l in open) || index(common, " " l " ") || index(v, "\342\200\242")) return 0
  if (l ~ /^[0-9]+$/ && length(l) < 8) return 0
  if (l ~ /^[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+(:[0-9]+)?(\/[0-9]+)?$/) return 0
  if (l ~ /^v?[0-9]+(\.[0-9]+)+([.+-]?(alpine|alpha|beta|rc|slim|bookworm|bullseye|trixie|jammy|noble|lts|ls|dev)?[0-9.]*)?$/) return 0
  if (l ~ /^[0-9]+(\.[0-9]+)? ?(b|k|m|g|kb|mb|gb|kib|mib|gib|ms|s|h|d|seconds|minutes|hours|days)$/) return 0
  if (l ~ /^(africa|america|antarctica|asia|atlantic|australia|europe|indian|pacific|etc)\/[a-z_\/+-]+[0-9]*$/) return 0
  if (l ~ /^[a-z][a-z]_[a-z][a-z](\.utf-?8)?$/) return 0
  return 1
}
function spell(v) { if (v != "" && !(v in seen)) { seen[v] = 1; print v } }
function keep(v,   json) {
  if (!telling(v)) return
  json = without(without(without(v, "\\", "\\\\"), "\"", "\\\""), "\t", "\\t")
  spell(v); spell(json); spell(encoded(v)); spell(without(v, "$", "$$"))
}
function line(v,   at, rest, low) {
  gsub(/^[ \t]+/, "", v); gsub(/[ \t]+$/, "", v)
  keep(v)
  # The password of a URL, and of a connection string.
  if ((at = index(v, "://")) && match(v, /:\/\/[^\/:]*:.*@/)) {
    rest = substr(v, at + 3)
    sub(/^[^:]*:/, "", rest); sub(/@[^@]*$/, "", rest)
    keep(rest); keep(decoded(rest))
  }
  low = tolower(v)
  while (match(low, /(password|passwd|pwd|secret|token|key) ?= ?[^;& \t]+/)) {
    rest = substr(v, RSTART, RLENGTH)
    v = substr(v, RSTART + RLENGTH); low = substr(low, RSTART + RLENGTH)
    sub(/^[^=]*= ?/, "", rest)
    keep(rest)
  }
}
function learn(v,   n, i, part) {
  if (!telling(v)) return
  n = split(v, part, "\n")
  for (i = 1; i <= n; i++) line(part[i])
}
BEGIN {
  common = " production development staging testing release default enabled disabled required optional always public private internal external warning notice verbose localhost database postgres postgresql mariadb sqlite sqlite3 mongodb rabbitmq memcached backend frontend server worker service docker compose "
  for (i = 1; i < 256; i++) { c = sprintf("%c", i); code[c] = (c ~ /[A-Za-z0-9]/ || index("-_.!~*()\047", c)) ? c : sprintf("%%%02X", i) }
}
words == 0 { if ($0 == "\001") words = 1; else open[tolower($0)] = 1; next }
/^# hidden: / { learn(unquoted(substr($0, 11))); next }
/^    environment:$/ { inside = 1; next }
inside && !/^      [^ ]/ { inside = 0 }
inside {
  value = substr($0, 7)
  if (value ~ /^"/) { match(value, /^"([^"\\]|\\.)*"/); value = substr(value, RLENGTH + 1) } else sub(/^[^:]*/, "", value)
  if (value !~ /^: /) next
  value = unquoted(substr(value, 3))
  if (value != "null") learn(without(value, "$$", "$"))
}
'

mask_values=$(
  { printf '%s\n' "${OPEN_WORDS:-}" "$STACK" "$SERVICE" "${SLOT_PREFIX:-}" "${ENTRY:-}" "${IMAGE:-}" "${NETWORK:-}" "${PROJECT_DIR:-}"
    printf '\001\n'
    cat "$job_dir/release.compose.yaml" "$home_service"/releases/[0-9]*/compose.yaml 2>/dev/null
  } | awk "$mask_choose"
)

# awk: the text, in which a mark stands for what is hidden. Reads the values, a line \001, then the text.
mask_hide='
# To the next space, in quotes to their end, but not over the end of a JSON text.
function value_length(s,   c, i, q) {
  q = substr(s, 1, 1)
  if (q == "\"" || q == "\047") { i = index(substr(s, 2), q); if (i > 1) return i + 1 }
  for (i = 1; i <= length(s); i++) {
    c = substr(s, i, 1)
    if (c == " " || c == "\t") break
    if ((c == "\"" || c == "\047") && substr(s, i + 1) ~ /^ *[],}:]/) break
  }
  return i - 1
}
# Hides what follows each match of a pattern, to its end.
function hide_behind(s, pattern, low,   out, n, v) {
  out = ""
  while (match(low ? tolower(s) : s, pattern)) {
    n = RSTART + RLENGTH - 1
    out = out substr(s, 1, n)
    s = substr(s, n + 1)
    n = value_length(s)
    v = substr(s, 1, n)
    if (n > 0) out = out (v ~ /^".*"$/ ? "\"" mark "\"" : mark)
    s = substr(s, n + 1)
  }
  return out s
}
function hide_urls(s,   out, at, n, token, user, rest) {
  out = ""
  while ((at = index(s, "://")) > 0) {
    out = out substr(s, 1, at + 2)
    s = substr(s, at + 3)
    n = match(s, "[ \t\"\047<>]") ? RSTART - 1 : length(s)
    token = substr(s, 1, n)
    if (!match(token, /.*@/)) continue
    user = substr(token, 1, RLENGTH - 1)
    s = substr(s, RLENGTH)
    if (user ~ /^[^\/:]*:/) {
      rest = user
      sub(/^[^:]*:/, "", rest)
      out = out ((rest ~ /^[0-9]+([\/?#]|$)/ && length(rest) < 6) || rest ~ /^[0-9]+[\/?#]/ ? user : substr(user, 1, index(user, ":")) mark)
    } else out = out (length(user) >= 20 && user !~ /\// ? mark : user)
  }
  return out s
}
function hide_values(s,   i, at, from, n, rest, hidden, any, out) {
  for (i = 1; i <= count; i++) {
    from = 1; rest = s
    while ((at = index(rest, value[i])) > 0) {
      from += at - 1
      for (n = from; n < from + length(value[i]); n++) hidden[n] = 1
      any = 1
      from++
      rest = substr(s, from)
    }
  }
  if (!any) return s
  out = ""; n = 0
  for (i = 1; i <= length(s); i++) {
    if (!(i in hidden)) out = out substr(s, i, 1)
    else if (!((i - 1) in hidden)) out = out mark
  }
  return out
}
BEGIN {
  ORS = ""
  mark = "\342\200\242\342\200\242\342\200\242"
  strong = "[a-z0-9_.-]*(password|passwd|passphrase|passcode|secret|token|credential|(api|access|private|signing|encryption|master|license)[_-]?key)[a-z0-9_.-]*"
  weak = "([a-z0-9_.-]*[_.-])?(pass|pwd|pw|auth|dsn|key|salt|pin)([_.-][a-z0-9_.-]*)?"
}
!text { if ($0 == "\001") text = 1; else if ($0 != "") value[++count] = $0; next }
{
  s = hide_values($0)
  if (key) { s = s ~ /-----END/ ? substr(s, match(s, /-----END/)) : ""; if (s != "") key = 0 }
  if (match(s, /-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----/)) {
    rest = substr(s, RSTART + RLENGTH)
    s = substr(s, 1, RSTART + RLENGTH - 1) mark
    if (match(rest, /-----END/)) s = s substr(rest, RSTART); else key = 1
  }
  s = hide_urls(s)
  if (match(tolower(s), "(authorization|cookie|x-[a-z-]*(api-?key|auth|token|secret)[a-z-]*)[\"\047]? *[:=] *[\"\047]?")) s = substr(s, 1, RSTART + RLENGTH - 1) mark
  s = hide_behind(s, "(^|[^a-z0-9_.-])bearer +", 1)
  s = hide_behind(s, strong "[\"\047]?( ?= ?|: +|[\"\047] *: *|:[\"\047]|=> *)", 1)
  s = hide_behind(s, "--?" strong "([ \t]+|[\"\047] *, *)", 1)
  s = hide_behind(s, "--" weak "([ \t]+|[\"\047] *, *)", 1)
  s = hide_behind(s, "(^|[^a-z0-9_.-])" weak "[\"\047]?=", 1)
  s = hide_behind(s, "(^|[^A-Za-z0-9_.-])[A-Z][A-Z0-9_]*(PASS|KEY|PWD|AUTH|DSN)=", 0)
  # Not by printf, whose room is short in some makes.
  if (lines++) print "\n"
  print s
}
'

# Whether there may be something to hide in a text. Most have nothing, and a process less on the way to a flip is a millisecond less.
may_tell() { # text
  case $1 in
    *://*@* | *[Pp][Aa][Ss][Ss]* | *[Pp][Ww]* | *[Ss][Ee][Cc][Rr][Ee][Tt]* | *[Tt][Oo][Kk][Ee][Nn]* | *[Kk][Ee][Yy]* | *[Aa][Uu][Tt][Hh]* | *[Cc]redential* | *CREDENTIAL* | *[Cc][Oo][Oo][Kk][Ii][Ee]* | *[Bb]earer* | *DSN* | *dsn* | *[Ss][Aa][Ll][Tt]=* | *[Pp][Ii][Nn]=*) return 0 ;;
  esac
  may_ifs=$IFS
  IFS='
'
  set -f
  may_found=1
  for may_value in $mask_values; do
    case $1 in *"$may_value"*) may_found=0; break ;; esac
  done
  set +f
  IFS=$may_ifs
  return "$may_found"
}

# Prints a text without what is not told.
masked() { # text
  if may_tell "$1"; then
    { printf '%s\n\001\n' "$mask_values"; printf '%s\n' "$1" 2>/dev/null | head -c 65536; } | awk "$mask_hide"
  else
    printf '%s' "$1"
  fi
}
