# --- slots ------------------------------------------------------------------------------------------------------------------

slot_compose() { # release, arguments of compose
  release=$1
  shift
  docker compose --project-directory "$PROJECT_DIR" -p "$SLOT_PREFIX" -f "$home_service/releases/$release/compose.yaml" "$@"
}

start_slot() { slot_compose "$1" up -d --no-build --no-recreate 2>&1; }

# Number of the release that the container in slot $1 is of; nothing when there is none, and a dash when it only has the name:
# it is not compose's of our project, or not of the image that the home state has of that release (SPEC TR11).
slot_holds() {
  held_line=$(timeout 10 docker inspect --format '{{index .Config.Labels "dev.switchyard.release"}} {{index .Config.Labels "com.docker.compose.project"}} {{.Image}}' "$(slot_container "$1")" 2>/dev/null) || return
  held_project=${held_line#* } held_image=${held_line##* } held_line=${held_line%% *}
  case $held_line in '' | *[!0-9]* | ??????????*) held_line=- ;; esac
  [ "${held_project% *}" = "$SLOT_PREFIX" ] || held_line=-
  known_image=
  read -r known_image 2>/dev/null <"$home_service/releases/$held_line/image-id"
  [ -z "$known_image" ] || [ "$known_image" = "$held_image" ] || held_line=-
  printf '%s\n' "$held_line"
}

# Name of the container that compose made for the service. An image can bring all of compose's labels, but not its own id in
# one, so what only poses as this service is passed over (SPEC TR1); a compose that writes no such label is believed.
composed_container() {
  composed_any=''
  for each in $(docker ps -q --filter "label=com.docker.compose.project=$STACK" --filter "label=com.docker.compose.service=$SERVICE"); do
    composed_line=$(docker inspect --format '{{.Name}} {{.Image}} {{index .Config.Labels "com.docker.compose.image"}}' "$each" 2>/dev/null) || continue
    composed_name=${composed_line%% *} composed_images=${composed_line#* }
    composed_name=${composed_name#/}
    if [ "${composed_images% *}" = "${composed_images#* }" ]; then printf '%s' "$composed_name"; return; fi
    : "${composed_any:=$composed_name}"
  done
  printf '%s' "$composed_any"
}

# Starts the service as its compose files say now, in the place of its entry point if there is one; no neighbour is made anew.
# Whoever calls it has seen that Docker answers (needs_docker), for its output is mostly read by $( ).
# Without --no-deps: compose then leaves depends_on out of the container, and makes it anew at the operator's next up.
plain_again() {
  for each in $(docker ps -aq --filter "label=com.docker.compose.project=$STACK" --filter "label=com.docker.compose.service=$SERVICE" --filter label=dev.switchyard.root); do
    { docker stop -t 5 "$each" && docker rm -f "$each"; } >/dev/null 2>&1
  done
  stack_compose up -d --no-recreate --no-build --pull never "$SERVICE"
}

stop_slot() {
  docker rm -f "$(slot_container "$1")" >/dev/null 2>&1 && return
  needs_docker
  docker rm -f "$(slot_container "$1")" >/dev/null 2>&1
}

# Puts the payload's release in place as number $1 in slot $2, with image $3 pinned: written beside, then renamed. What is run of
# it goes to the home state, with the values of the environment, which are nowhere else; what it says to people and to the app
# goes to the stack's folder.
write_release() {
  number=$1 slot=$2 reference=$3
  id=$(image_id "$reference") || return 1
  [ -n "$id" ] || return 1
  tag="switchyard/$SLOT_PREFIX:r$number"
  docker tag "$id" "$tag" || return 1
  pin=$(image_pin "$reference")
  [ -n "$pin" ] || pin=$tag
  filled="s|@SWITCHYARD_IMAGE@|$pin|g; s|@SWITCHYARD_RELEASE@|$number|g; s|@SWITCHYARD_SLOT@|$slot|g; s|@SWITCHYARD_CONTAINER@|$(slot_container "$slot")|g"
  home_part=$home_service/releases/.$number.part
  rm -rf "$home_part"
  mkdir "$home_part" || return 1
  sed "$filled" "$job_dir/release.compose.yaml" >"$home_part/compose.yaml" || return 1
  sed "s|@SWITCHYARD_RELEASE@|$number|g; s|@SWITCHYARD_SLOT@|$slot|g" "$job_dir/rollback.sh" >"$home_part/rollback.sh" || return 1
  sh -n "$home_part/rollback.sh" || return 1
  chmod 700 "$home_part/rollback.sh"
  printf '%s\n' "$id" >"$home_part/image-id"
  part=$service_dir/releases/.$number.part
  rm -rf "$part"
  # Not with -p, which is content with a link that leads elsewhere.
  own_ground && mkdir "$part" || return 1
  sed "$filled" "$job_dir/release.public.yaml" >"$part/compose.yaml" || return 1
  sed "s|@SWITCHYARD_IMAGE@|$pin|g; s|@SWITCHYARD_RELEASE@|$number|g; s|@SWITCHYARD_SLOT@|$slot|g; s|@SWITCHYARD_IMAGE_ID@|$id|g; s|@SWITCHYARD_AT@|$(now_ms)|g; s|@SWITCHYARD_VERSION@|$(json_text "$(image_version "$id")" | sed 's/[|&\\]/\\&/g')|g" "$job_dir/release.json" >"$part/release.json" || return 1
  cp "$home_part/rollback.sh" "$part/rollback.sh" || return 1
  chmod 700 "$part/rollback.sh"
  printf '%s\n' "$slot" >"$part/slot"
  printf '%s\n' "$JOB" >"$part/job"
  printf 'preparing 0 0\n' >"$part/state"
  sync "$home_part"/* "$home_part" "$part"/* "$part" 2>/dev/null || sync
  place_release "$home_part" "$home_service" && place_release "$part" "$service_dir"
}
place_release() { # folder, service's folder
  [ ! -e "$2/releases/$number" ] && [ ! -L "$2/releases/$number" ] || return 1
  mv -fT "$1" "$2/releases/$number" 2>/dev/null || mv -f "$1" "$2/releases/$number" || return 1
  sync_path "$2/releases"
}

mark_release() { printf '%s\n' "$2" | put_file "$service_dir/releases/$1/state"; }

container_state() { docker inspect --format '{{.State.Status}} {{if .State.Health}}{{.State.Health.Status}}{{else}}none{{end}} {{.RestartCount}} {{.State.ExitCode}} {{.State.OOMKilled}}' "$1" 2>/dev/null; }

