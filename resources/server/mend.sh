# mend: what runs of the service is again what its files say: our lines of the override, haproxy.cfg, its networks, the release that has
# the traffic, the entry point. Each step looks first and may be done twice; no volume, no release and nobody else's container is
# removed. Payload: override.yaml, haproxy.cfg (each only where ours is gone or was changed).
running_words() { printf 'What was put back so far stays as it is now.'; }

last_line() { printf '%s' "$1" | grep -v '^[[:space:]]*$' | tail -n 1; }

# --- files ---

# Under the stack's lock. What was edited since this job was planned is the operator's.
write_override() {
  ! cmp -s "$job_dir/override.yaml" "$OVERRIDE" || return 0
  [ "$(compose_hash)" = "$COMPOSE_HASH" ] || return 2
  target_of override "$OVERRIDE" || return 3
  [ ! -e "$OVERRIDE" ] || keep_file override "$OVERRIDE" || return 3
  replace_file override.yaml "$OVERRIDE" || return 3
  at written
  said=$(stack_compose config --quiet) && { keep_override_sum; our_block | put_file "$home_service/override.block"; return 0; }
  if is_kept override; then put_back override; else remove_file override "$OVERRIDE"; fi
  return 4
}

# Writes down again what a release was, from what the home state keeps of it, and from what the client had read: release.NNNN.json.
restore_release() { # release
  number=$1
  kept=$home_service/releases/$number
  [ -d "$kept" ] && ! [ -d "$service_dir/releases/$number" ] || return 0
  slot=$(sed -n "s/^ *container_name: *[\"']*$SLOT_PREFIX--\([a-z]*\)[\"']*\$/\1/p" "$kept/compose.yaml" 2>/dev/null | head -n 1)
  case $slot in blue | green) ;; *) return 0 ;; esac
  id=$(cat "$kept/image-id" 2>/dev/null)
  pin=$(sed -n "s/^ *image: *[\"']*\([A-Za-z0-9._/:@-]*\)[\"']*\$/\1/p" "$kept/compose.yaml" | head -n 1)
  part=$service_dir/releases/.$number.part
  rm -rf "$part"
  mkdir -p "$part" || return 1
  if [ -e "$job_dir/release.$number.json" ]; then
    cp "$job_dir/release.$number.json" "$part/release.json" || return 1
  else
    printf '{"version":1,"number":"%s","slot":"%s","reference":"%s","image":"%s","imageId":"%s","imageVersion":"%s","by":"%s","at":%s}\n' \
      "$number" "$slot" "$pin" "$pin" "$(json_text "$id")" "$(json_text "$(image_version "$id")")" "$BY_JSON" "$(now_ms)" >"$part/release.json" || return 1
  fi
  cp "$kept/rollback.sh" "$part/rollback.sh" && chmod 700 "$part/rollback.sh" && printf '%s\n' "$slot" >"$part/slot" && printf '%s\n' "$JOB" >"$part/job" &&
    printf 'ready 0 0\n' >"$part/state" || return 1
  sync "$part"/* "$part" 2>/dev/null || sync
  place_release "$part" "$service_dir"
}

# Visitors are answered by a plain container in the place of the entry point: the one slot that holds its image has what they know.
plain_live() {
  plain_image=$(docker inspect --format '{{.Name}} {{.Image}}' "${PLAIN:-none}" 2>/dev/null) || return
  plain_slots=
  for each in blue green; do
    plain_release=$(slot_holds "$each")
    plain_id=
    read -r plain_id 2>/dev/null <"$home_service/releases/${plain_release:-none}/image-id"
    [ "$plain_id" != "${plain_image##* }" ] || plain_slots="$plain_slots$each"
  done
  case $plain_slots in blue | green) printf '%s-settled' "$plain_slots" ;; esac
}

# The service's folder was deleted from the stack's: it is made again from what the home state keeps and from what runs. Who has the
# traffic the running entry point says, else the client knows it, else it is told by whose image answers now.
restore_folder() {
  [ ! -e "$service_dir/service.json" ] || return 0
  needs_docker
  [ -d "$service_dir/entry" ] || made_entry=1
  mkdir -p "$service_dir/releases" "$service_dir/entry/run" && chmod 755 "$service_dir/entry" || abort folder-read-only "$service_dir cannot be written." "" ""
  for each in "$home_service"/releases/[0-9]*; do
    restore_release "${each##*/}" || abort disk-full "The releases of $SERVICE cannot be written down again." "" "$(df -Pk "$ROOT" | tail -n 1)"
  done
  restored=$(live_state)
  is_live_state "$restored" || { open_runtime "$ENTRY"; restored=$(entry_state); close_runtime; }
  is_live_state "$restored" || restored=$LIVE_KNOWN
  is_live_state "$restored" || restored=$(plain_live)
  is_live_state "$restored" || abort not-mendable "Neither a running entry point nor this client knows which release of $SERVICE has the traffic." "" ""
  for each in "$(slot_of "$restored")" "$(other_slot "$(slot_of "$restored")")"; do
    [ -z "$(role_release current)" ] || [ "$each" != "$(slot_of "$restored")" ] || continue
    release=$(slot_holds "$each")
    [ -d "$service_dir/releases/${release:-none}" ] && [ "$(release_slot "$release")" = "$each" ] || release=$(known_in "$each")
    [ -n "$release" ] && [ -d "$service_dir/releases/$release" ] || continue
    if [ "$each" = "$(slot_of "$restored")" ]; then role=current; elif [ "$release" = "$NEXT_KNOWN" ]; then role=next; else role=previous; fi
    point "$service_dir/$role" "releases/$release"
  done
  [ -n "$(role_release current)" ] || abort release-unknown "Which release of $SERVICE runs in $(slot_of "$restored") is not known any more." "" ""
  # Its watch went with its file.
  { is_live_state "$(live_state)" || set_live "$(slot_of "$restored")-settled"; } && put_file "$service_dir/service.json" <"$home_service/service.json" ||
    abort disk-full "The files of $SERVICE cannot be written." "" "$(df -Pk "$ROOT" | tail -n 1)"
  say "The files of $SERVICE were gone; they were written again from what this server keeps apart."
}
slot_of() { printf '%s' "${1%%-*}"; }
known_in() { # slot
  for known in $KNOWN; do [ "$(release_slot "$known")" = "$1" ] && { printf '%s' "$known"; return; }; done
  return 0
}

put_files() {
  if [ -e "$job_dir/override.yaml" ]; then
    holding_stack write_override
    case $? in
      0) ;;
      2) abort compose-changed "The compose files of $STACK changed while this job was being prepared, so the override was left alone." "" "" ;;
      4) abort compose-broken "With our lines for $SERVICE in it the stack's compose files are not valid, so the override was left as it was." "" "$(last_line "$said")" ;;
      99) abort lock-held "Another job holds the compose files of $STACK." "" "" ;;
      *) abort folder-read-only "$OVERRIDE cannot be written." "" "" ;;
    esac
  fi
  # A folder that was deleted and made anew is not the one that a running entry point reads.
  made_entry='' read_at=''
  restore_folder
  [ -d "$service_dir/entry" ] || made_entry=1
  own_ground && mkdir -p "$service_dir/entry/run" && own_ground && chmod 755 "$service_dir/entry" || abort folder-read-only "$service_dir/entry cannot be written." "" ""
  if [ -e "$job_dir/haproxy.cfg" ] && ! cmp -s "$job_dir/haproxy.cfg" "$service_dir/entry/haproxy.cfg"; then
    read_at=$(date -u -r "$service_dir/entry/haproxy.cfg" '+%Y-%m-%dT%H:%M:%S' 2>/dev/null)
    put_file "$service_dir/entry/haproxy.cfg" <"$job_dir/haproxy.cfg" || abort disk-full "$service_dir/entry/haproxy.cfg cannot be written." "" ""
    put_file "$home_service/haproxy.cfg" <"$job_dir/haproxy.cfg"
  fi
  heal_live || abort entry-failed "live.map of $SERVICE does not say who has the traffic, and cannot be written." "" "$service_dir/entry/live.map"
  heal_roles
}

# --- networks and what is stood on ---

missing_networks() {
  printf '%s\n' "$NETWORKS" | while IFS= read -r each; do
    [ -z "$each" ] || docker network inspect "$each" >/dev/null 2>&1 || printf '%s\n' "$each"
  done
}

# Neighbours that have no container at all, as after docker compose down; one that was stopped was stopped by somebody.
start_neighbours() {
  set --
  while IFS= read -r each; do
    [ -n "$each" ] || continue
    [ -n "$(docker ps -aq --filter "label=com.docker.compose.project=$STACK" --filter "label=com.docker.compose.service=$each")" ] || set -- "$@" "$each"
  done <<LIST
$DEPENDS
LIST
  [ "$#" -gt 0 ] || return 0
  said=$(stack_compose up -d --no-recreate --no-build --pull never "$@") || say "$* did not start: $(last_line "$said")"
  return 0
}

# Neighbours that run and are on no network any more: nobody reaches them as they are.
join_neighbours() {
  for each in $(printf '%s\n' "$DEPENDS"); do
    for neighbour in $(docker ps -q --filter "label=com.docker.compose.project=$STACK" --filter "label=com.docker.compose.service=$each"); do
      [ -z "$(networks_of "$neighbour")" ] || continue
      said=$(stack_compose up -d --no-deps --no-build --pull never --force-recreate "$each") || say "$each is on no network, and cannot be made anew: $(last_line "$said")"
    done
  done
}

put_networks() {
  needs_docker
  if ! docker image inspect "$ENTRY_IMAGE" >/dev/null 2>&1; then
    pull_image "$ENTRY_IMAGE" || abort "$pull_code" "The image of the entry point, $ENTRY_IMAGE, is gone from this server and cannot be pulled." "" "$pull_detail"
  fi
  if [ -n "$(missing_networks)" ]; then
    # compose makes the networks of the stack together with the container that joins them.
    said=$(stack_compose up --no-start --no-deps --no-recreate --no-build --pull never "$SERVICE")
    missing=$(missing_networks)
    [ -z "$missing" ] || abort entry-failed "The network $(printf '%s' "$missing" | head -n 1) is gone, and compose does not make it." "" "$(last_line "$said")"
  fi
  start_neighbours
  join_neighbours
}

networks_of() { docker inspect --type container --format '{{range $name, $none := .NetworkSettings.Networks}}{{println $name}}{{end}}' "$1" 2>/dev/null; }
status_of() { docker inspect --type container --format '{{.State.Status}}' "$1" 2>/dev/null; }

# Networks that a container is cut off from.
cut_off() { # container
  on=$(networks_of "$1")
  printf '%s\n' "$NETWORKS" | while IFS= read -r each; do
    [ -z "$each" ] || printf '%s\n' "$on" | grep -qxF -- "$each" || printf '%s\n' "$each"
  done
}

# --- the release ---

# A release's own name for its image, where that was taken away and the image is still here.
name_image() { # release
  named="switchyard/$SLOT_PREFIX:r$1"
  docker image inspect "$named" >/dev/null 2>&1 && return
  pinned=
  read -r pinned 2>/dev/null <"$home_service/releases/$1/image-id"
  [ -z "$pinned" ] || docker tag "$pinned" "$named" >/dev/null 2>&1
  return 0
}

# Has the container of release $2 run in slot $1. On failure sets said.
run_slot() {
  name=$(slot_container "$1")
  status=$(status_of "$name")
  if [ -n "$status" ] && [ "$(slot_holds "$1")" != "$2" ]; then
    said="$name is not the container of release $(number_of "$2")."
    return 1
  fi
  case $status in
    running | restarting) ;;
    paused) said=$(docker unpause "$name" 2>&1) || return 1 ;;
    '')
      name_image "$2"
      said=$(start_slot "$2") || return 1
      ;;
    # One that was on a network of before does not start any more: it is made anew, with its volumes.
    *) said=$(docker start "$name" 2>&1) || { name_image "$2"; said=$(slot_compose "$2" up -d --no-build --force-recreate 2>&1); } || return 1 ;;
  esac
  for each in $(cut_off "$name"); do
    # One that was made in a network that is gone joins no other: it is made anew, with its volumes.
    docker network connect "$each" "$name" >/dev/null 2>&1 || { name_image "$2"; said=$(slot_compose "$2" up -d --no-build --force-recreate 2>&1) || return 1; break; }
  done
  return 0
}

put_slot() {
  needs_docker
  slot=$(live_slot) release=$(role_release current)
  case $slot in blue | green) ;; *) return 0 ;; esac
  [ -n "$release" ] || abort release-unknown "$SERVICE has no current release that could be started." "" ""
  run_slot "$slot" "$release" || abort exited-at-start "Release $(number_of "$release") of $SERVICE does not start in $slot." "" "$(last_line "$said")"
}

# --- the entry point ---

composed() {
  docker ps -aq --no-trunc --filter "label=com.docker.compose.project=$STACK" --filter "label=com.docker.compose.service=$SERVICE" --filter label=com.docker.compose.oneoff=False
}
# By the folder of ours that it reads: labels are anybody's.
is_entry() { [ "$(docker inspect --type container --format '{{range .Mounts}}{{if eq .Destination "/usr/local/etc/haproxy"}}{{.Source}}{{end}}{{end}}' "$1" 2>/dev/null)" = "$service_dir/entry" ]; }

compose_entry() {
  said=$(stack_compose up -d --no-deps --no-build --pull never --timeout "$STOP_S" "$@" "$SERVICE") ||
    abort entry-failed "compose could not put the entry point of $SERVICE in place." "" "$(last_line "$said")"
}

put_entry() {
  needs_docker
  own=''
  for each in $(composed); do
    if is_entry "$each"; then own=$each; elif [ "$each" != "$PLAIN" ]; then
      abort not-mendable "A container that is not plain compose’s has the place of the entry point of $SERVICE; it may be somebody’s and was left alone." "" "$(docker inspect --format '{{.Name}} {{.Config.Image}}' "$each" 2>/dev/null)"
    fi
  done
  holder=$(docker inspect --type container --format '{{.Id}}' "$ENTRY" 2>/dev/null)
  if [ -n "$holder" ] && [ "$holder" != "$own" ] && [ "$holder" != "$PLAIN" ]; then
    abort not-mendable "Another container has the name $ENTRY; it may be somebody’s and was left alone." "" "$(docker inspect --format '{{.Config.Image}}' "$holder" 2>/dev/null)"
  fi
  if [ -z "$own" ]; then compose_entry; return; fi
  [ "$holder" = "$own" ] || said=$(docker rename "$own" "$ENTRY" 2>&1) || abort entry-failed "The entry point of $SERVICE could not be named $ENTRY again." "" "$said"
  if [ -n "$(cut_off "$own")" ]; then compose_entry --force-recreate; return; fi
  case $(status_of "$own") in
    paused) docker unpause "$own" >/dev/null 2>&1 || compose_entry --force-recreate ;;
    running)
      # One that was started since the file was changed runs by what it said then.
      started=$(docker inspect --format '{{.State.StartedAt}}' "$own" 2>/dev/null)
      if [ -n "$made_entry" ] || { [ -n "$read_at" ] && [ "$(printf '%s\n%s\n' "$read_at" "$started" | sort | tail -n 1)" = "$started" ]; }; then
        docker restart -t 1 "$own" >/dev/null 2>&1 || compose_entry --force-recreate
      fi
      ;;
    restarting) docker restart -t 1 "$own" >/dev/null 2>&1 || compose_entry --force-recreate ;;
    *) docker start "$own" >/dev/null 2>&1 || compose_entry --force-recreate ;;
  esac
}

# --- it answers ---

# Put back is what answers its checks, itself and through the entry point.
confirm() {
  tries=0
  open_runtime "$ENTRY"
  until is_live_state "$(entry_state)"; do
    close_runtime
    tries=$((tries + 1))
    [ "$tries" -le 50 ] || abort entry-failed "The entry point $ENTRY of $SERVICE does not come up." "" "$(docker logs --tail 1 "$ENTRY" 2>&1)"
    sleep 0.2 2>/dev/null || sleep 1
    open_runtime "$ENTRY"
  done
  tell_entry "$(live_state)" || abort entry-failed "The entry point $ENTRY of $SERVICE does not go by live.map." "" ""
  case $(live_slot) in
    blue | green)
      wait_ready "$(slot_container "$(live_slot)")" ||
        abort "$ready_code" "$SERVICE was put back, but release $(number_of "$(role_release current)") in $(live_slot) does not pass its checks." "" "$ready_reason"
      ;;
    *) return 0 ;;
  esac
  tries=0
  while :; do
    answer=$(request "$ENTRY_CHECK") || { close_runtime; sleep 0.2 2>/dev/null; open_runtime "$ENTRY"; }
    case $answer in good*) break ;; esac
    tries=$((tries + 1))
    [ "$tries" -le 100 ] || abort entry-failed "The entry point of $SERVICE does not answer for it." "" "$answer"
    sleep 0.1 2>/dev/null || sleep 1
  done
  close_runtime
}

# The way back, where it only has to be started; what does not start is told by the map.
put_previous() {
  back=$(role_release previous)
  [ -n "$back" ] && [ -z "$(role_release next)" ] && [ "$(release_slot "$back")" = "$(other_slot "$(live_slot)")" ] || return 0
  was=
  is_file "$service_dir/releases/$back/state" && read -r was _ 2>/dev/null <"$service_dir/releases/$back/state"
  [ "${was:-}" = ready ] || return 0
  run_slot "$(release_slot "$back")" "$back" || say "Release $(number_of "$back"), the way back, does not start: $(last_line "$said")"
}

mend() {
  open_step=
  for each_step in files network slot entry confirm; do
    begin "$each_step"
    case $each_step in
      files) put_files ;;
      network) put_networks ;;
      slot) put_slot ;;
      entry) put_entry ;;
      confirm) confirm; put_previous ;;
    esac
    finish
  done
  completed "$SERVICE is put back: its entry point answers, with release $(number_of "$(role_release current)") in $(live_slot)."
}

# Nothing is gained by taking away again what was put back: once begun, it is finished.
recover() { ! recorded files begin || mend; }

start_job files,network,slot,entry,confirm
mend
