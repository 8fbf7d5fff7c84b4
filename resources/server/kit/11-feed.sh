# --- feed: what a follower sees, live. One line of JSON each; lost or torn lines harm nobody. ---------------------------

feed() { printf '{"job":"%s","at":%s,%s}\n' "$JOB" "$(now_ms)" "$1" >>"$ROOT/feed.ndjson"; }
say() { feed "\"kind\":\"text\",\"step\":\"$step\",\"text\":\"$(json_text "$1")\""; }
progress() { feed "\"kind\":\"progress\",\"step\":\"$step\",\"done\":$1,\"total\":${2:-null},\"unit\":\"$3\""; }
figure() { feed "\"kind\":\"figure\",\"name\":\"$1\",\"value\":$2"; }

