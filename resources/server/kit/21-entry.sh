# --- the entry point's runtime and probes, through one docker exec that stays open ------------------------------------------
# The other end is bash in the entry point's image: it needs no socat, no curl, nothing of the host.
# Each request is one line; each answer its lines with a space in front, then a line with a dot.

runtime_loop=$(
  cat <<'LOOP'
LC_ALL=C
ask() { exec 5<>/dev/tcp/127.0.0.1/9999 || return 1; printf "%s\n" "$1" >&5; while IFS= read -r -t 5 out <&5; do printf " %s\n" "$out"; done; exec 5<&- 5>&-; }
# Whether the body that is still to be read from 5 has the words: what stands behind the head, and out of its chunks where it came in
# such, though HTTP/1.0 was asked. Words never span lines. Sets odd where the chunks are none.
body_has() { # words
  chunked='' ended='' size=0 odd=
  until [ -n "$ended" ]; do
    IFS= read -r -t "$T" more <&5 || return 1
    more=${more%$'\r'} size=$((size + ${#more}))
    [ "$size" -le 65536 ] || return 1
    case ${more,,} in "") ended=1 ;; transfer-encoding:*chunked*) chunked=1 ;; esac
  done
  size=0 line='' more=
  while [ "$size" -le 262144 ] && [ "$SECONDS" -lt "$until" ]; do
    if [ -z "$chunked" ]; then
      IFS= read -r -t "$T" more <&5 || [ -n "$more" ] || return 1
      [[ $more != *"$1"* ]] || return 0
      size=$((size + ${#more} + 1))
      more=
      continue
    fi
    more=
    IFS= read -r -t "$T" more <&5 || [ -n "$more" ] || return 1
    more=${more%%[;$'\r'[:space:]]*}
    [[ $more =~ ^[0-9A-Fa-f]{1,7}$ ]] || { odd=1; return 1; }
    left=$((16#$more))
    [ "$left" -gt 0 ] || return 1
    IFS= read -r -t "$T" -N "$left" more <&5
    size=$((size + left)) line+=$more
    [[ $line != *"$1"* ]] || return 0
    [ "${#more}" -eq "$left" ] || return 1
    line=${line##*$'\n'}
    IFS= read -r -t "$T" more <&5
  done
  return 1
}
http() { # host port path low high contains
  status=000 proto='' has='' odd='' until=$((SECONDS + 2 * T))
  if exec 5<>"/dev/tcp/$1/$2"; then
    printf "GET %s HTTP/1.0\r\nHost: %s:%s\r\nUser-Agent: switchyard-check\r\nConnection: close\r\n\r\n" "$3" "$1" "$2" >&5
    IFS=" " read -r -t "$T" proto status reason <&5
    status=${status:0:3}
    # These have no body, whatever stands behind their head.
    [ -z "$6" ] || case $status in 204 | 304) ;; *) body_has "$6" && has=1 ;; esac
    exec 5<&- 5>&-
  fi 2>/dev/null
  case $proto/$status in HTTP/*/[1-5][0-9][0-9]) ;; *) printf " bad no answer\n"; return ;; esac
  if [ "$status" -lt "$4" ] || [ "$status" -gt "$5" ]; then printf " bad HTTP %s\n" "$status"; return; fi
  if [ -n "$odd" ]; then printf " bad HTTP %s with a body in chunks that cannot be read\n" "$status"; return; fi
  if [ -n "$6" ] && [ -z "$has" ]; then printf " bad HTTP %s without the words asked for\n" "$status"; return; fi
  printf " good HTTP %s\n" "$status"
}
tcp() { if (exec 5<>"/dev/tcp/$1/$2") 2>/dev/null; then printf " good port %s open\n" "$2"; else printf " bad port %s closed\n" "$2"; fi; }
T=5
while IFS= read -r line; do
  IFS=$'\t' read -r verb a b c d e f <<<"$line"
  case $verb in
    ask) ask "$a" ;;
    http) http "$a" "$b" "$c" "$d" "$e" "$f" ;;
    tcp) tcp "$a" "$b" ;;
  esac
  printf ".\n"
done
LOOP
)

runtime_open=

open_runtime() { # container: starts the loop in the background; the first answer waits for it
  rm -f "$job_dir/ask.$$" "$job_dir/answer.$$"
  mkfifo "$job_dir/ask.$$" "$job_dir/answer.$$" || return 1
  docker exec -i "$1" bash -c "$runtime_loop" <"$job_dir/ask.$$" >"$job_dir/answer.$$" &
  runtime_pid=$!
  exec 8>"$job_dir/ask.$$" 9<"$job_dir/answer.$$"
  runtime_open=1
}

# The same three words by perl, where this server has one: over the entry point's own socket and straight to the slot, whose
# address the entry point knows. It is there in milliseconds; a docker exec takes a tenth of a second and more on a small
# server. Where the engine's networks are not in reach (rootless, a virtual machine) it gets no answer; ask again the other way.
quick_loop=$(
  cat <<'LOOP'
use Socket;
$| = 1;
my $path = shift;
my $until = 0;
# The folder of the socket is one that containers write in. Only what this user holds open there is spoken to: another socket in its
# place is asked nothing, and docker exec asks the entry point itself (SPEC EN9).
my @socket = lstat $path;
exit 1 unless @socket && ($socket[2] & 0170000) == 0140000 && $socket[4] == $>;
sub holder { my $told = getsockopt($_[0], SOL_SOCKET, 17) or return -1; length $told == 12 ? (unpack "l3", $told)[1] : -1 }
sub reach { my ($domain, $to) = @_;
  socket(my $s, $domain, SOCK_STREAM, 0) or return;
  setsockopt($s, SOL_SOCKET, $_, pack("l!l!", 5, 0)) for SO_RCVTIMEO, SO_SNDTIMEO;
  connect($s, $to) or return;
  $s }
sub ask { my $s = reach(AF_UNIX, pack_sockaddr_un($path)) or return; holder($s) == $> or return; syswrite($s, "$_[0]\n"); my @lines = <$s>; chomp @lines; @lines }
sub slot { my ($host, $port) = @_;
  my ($slot) = $host =~ /--(\w+)$/ or return;
  for (ask("show servers state")) { my @f = split / /;
    next unless @f > 4 && $f[3] eq $slot && $f[1] =~ /_$slot-watching$/ && $f[4] =~ /^\d+(\.\d+){3}$/;
    return reach(AF_INET, pack_sockaddr_in($port, inet_aton($f[4]))) }
  return }
# As body_has in the other loop: 1, 0, or -1 where the chunks are none.
sub body_has { my ($s, $words) = @_;
  my ($size, $line, $chunked) = (0, "");
  while (1) {
    my $more = <$s>;
    return 0 unless defined $more && $more =~ s/\r?\n$// && ($size += length $more) <= 65536;
    last if $more eq "";
    $chunked = 1 if $more =~ /^transfer-encoding:.*chunked/i }
  $size = 0;
  while ($size <= 262144 && time < $until) {
    if (!$chunked) {
      defined(my $more = <$s>) or return 0;
      return 1 if index($more, $words) >= 0;
      $size += length $more; next }
    defined(my $more = <$s>) or return 0;
    return -1 unless $more =~ /^([0-9A-Fa-f]{1,7})[;\s]/;
    my $left = hex $1 or return 0;
    my $got = read($s, $more, $left) || 0;
    $line .= $more; $size += $left;
    return 1 if index($line, $words) >= 0;
    return 0 if $got < $left;
    $line =~ s/.*\n//s;
    <$s> }
  0 }
my @hello = ask("show info");
exit 1 unless @hello;
print "ready\n";
while (my $line = <STDIN>) {
  chomp $line;
  my ($verb, $host, $port, $at, $low, $high, $contains) = split /\t/, $line, -1;
  if ($verb eq "ask") { print " $_\n" for ask($host) }
  elsif ($verb eq "tcp") { print slot($host, $port) ? " good port $port open\n" : " bad port $port closed\n" }
  elsif ($verb eq "http") {
    my ($status, $has, $s) = (0, 0, slot($host, $port));
    my $wants = defined $contains && $contains ne "";
    $until = time + 10;
    if ($s) {
      syswrite($s, "GET $at HTTP/1.0\r\nHost: $host:$port\r\nUser-Agent: switchyard-check\r\nConnection: close\r\n\r\n");
      my $first = <$s>;
      $status = $1 if defined $first && $first =~ m{^HTTP/\S+ ([1-5]\d\d)};
      # These have no body, whatever stands behind their head.
      $has = body_has($s, $contains) if $wants && $status && $status != 204 && $status != 304;
    }
    if (!$status) { print " bad no answer\n" }
    elsif ($status < $low || $status > $high) { print " bad HTTP $status\n" }
    elsif ($has < 0) { print " bad HTTP $status with a body in chunks that cannot be read\n" }
    elsif ($wants && !$has) { print " bad HTTP $status without the words asked for\n" }
    else { print " good HTTP $status\n" }
  }
  print ".\n";
}
LOOP
)

open_runtime_quickly() {
  [ -w "$service_dir/entry/run/admin.sock" ] && command -v perl >/dev/null 2>&1 || return 1
  [ ! -e "$job_dir/ask.$$" ] && [ ! -e "$job_dir/answer.$$" ] || rm -f "$job_dir/ask.$$" "$job_dir/answer.$$"
  mkfifo "$job_dir/ask.$$" "$job_dir/answer.$$" || return 1
  perl -e "$quick_loop" "$service_dir/entry/run/admin.sock" <"$job_dir/ask.$$" >"$job_dir/answer.$$" 2>/dev/null &
  runtime_pid=$!
  exec 8>"$job_dir/ask.$$" 9<"$job_dir/answer.$$"
  runtime_open=1
  read -r answer <&9 && [ "$answer" = ready ] && return
  close_runtime
  return 1
}

# Before there is an entry point: the same loop in a throw-away container on the service's network.
open_prober() {
  rm -f "$job_dir/ask.$$" "$job_dir/answer.$$"
  mkfifo "$job_dir/ask.$$" "$job_dir/answer.$$" || return 1
  docker run -i --rm --name "$SLOT_PREFIX--probe-$JOB" --label dev.switchyard.job="$JOB" --network "$NETWORK" --entrypoint bash "$PROBE_IMAGE" -c "$runtime_loop" \
    <"$job_dir/ask.$$" >"$job_dir/answer.$$" &
  runtime_pid=$!
  exec 8>"$job_dir/ask.$$" 9<"$job_dir/answer.$$"
  runtime_open=1
}

close_runtime() {
  [ -n "$runtime_open" ] || return 0
  runtime_open=
  exec 8>&- 9<&-
  wait "$runtime_pid" 2>/dev/null
  rm -f "$job_dir/ask.$$" "$job_dir/answer.$$"
}

tab=$(printf '\t')

# Sends one request; the answer's lines come on standard output. Fails when the other end is gone.
request() {
  [ -n "$runtime_open" ] || return 1
  printf '%s\n' "$1" >&8 2>/dev/null || return 1
  while IFS= read -r answer <&9; do
    case $answer in
      .) return 0 ;;
      ' '*) printf '%s\n' "${answer# }" ;;
    esac
  done
  return 1
}

ask() { request "ask$tab$1"; }

# What the running entry point goes by.
entry_state() { ask 'get map /usr/local/etc/haproxy/live.map live' | sed -n 's/.*value="\([a-z-]*\)".*/\1/p'; }

entry_believes() { # state: whether the running entry point goes by it, once told
  case $(ask "${2:-}get map /usr/local/etc/haproxy/live.map live") in *"value=\"$1\""*) return 0 ;; esac
  return 1
}

# Tells the running entry point, and reads it back. One that does not take it may just be coming back by itself: it is asked
# over a new way a few times. Fails when it still does not.
insist() { # state, command
  entry_believes "$1" "$2" && return
  insist_tries=0
  while [ "$insist_tries" -lt 8 ]; do
    insist_tries=$((insist_tries + 1))
    close_runtime
    open_runtime "$ENTRY" && entry_believes "$1" "$2" && return
    sleep 0.2 2>/dev/null || sleep 1
  done
  return 1
}

# An entry point reads haproxy.cfg as it starts, and may be told there to run programs. Before one of our starts it is what the
# home state keeps of it, whatever was written over it (SPEC HS10).
own_config() {
  [ -f "$home_service/haproxy.cfg" ] && ! cmp -s "$home_service/haproxy.cfg" "$service_dir/entry/haproxy.cfg" || return 0
  own_ground || return 1
  put_file "$service_dir/entry/haproxy.cfg" <"$home_service/haproxy.cfg" 2>/dev/null ||
    { spend_reserve && put_file "$service_dir/entry/haproxy.cfg" <"$home_service/haproxy.cfg"; } || return 1
  say "haproxy.cfg of $SERVICE was changed; it was put back before $ENTRY was started."
}

# Tells the running entry point what live.map says now. One that does not take it is started anew: it reads the file. Fails when
# it does not go by it even then.
tell_entry() { # state
  insist "$1" "set map /usr/local/etc/haproxy/live.map live $1; " || { own_config && docker restart -t 1 "$ENTRY" >/dev/null 2>&1 && insist "$1"; }
}
