# --- feed: what a follower sees, live. One line of JSON each; lost or torn lines harm nobody. ---------------------------

# A line that was cut short, on a full disk or by a death, must not take the next one with it: ours begins on a line of its own.
feed_gap='
'
feed() {
  if [ -L "$ROOT/feed.ndjson" ] || { [ -e "$ROOT/feed.ndjson" ] && [ ! -f "$ROOT/feed.ndjson" ]; }; then rm -f "$ROOT/feed.ndjson"; fi
  if printf '%s{"job":"%s","at":%s,%s}\n' "$feed_gap" "$JOB" "$(now_ms)" "$1" >>"$ROOT/feed.ndjson"; then feed_gap=; else feed_gap='
'; fi
}
say() { feed "\"kind\":\"text\",\"step\":\"$step\",\"text\":\"$(json_text "$1")\""; }
progress() { feed "\"kind\":\"progress\",\"step\":\"$step\",\"done\":$1,\"total\":${2:-null},\"unit\":\"$3\""; }
figure() { feed "\"kind\":\"figure\",\"name\":\"$1\",\"value\":$2"; }

