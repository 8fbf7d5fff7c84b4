# Read by a job right after its kit, when a fault is to come to it: stops it once at FAULT_AT, `step:phase`, while harm is
# done outside, or ends it there. Waits 60 s at most.
plant_dir=$PWD
at() {
  # Of a job that is killed twice, the first recovery ends as it begins to act; the next one has to do.
  if [ "$1" = recover ] && [ "$FAULT_KIND" = twice ] && ! [ -e "$plant_dir/fault-again" ]; then
    : >"$plant_dir/fault-again"
    kill -9 $$
  fi
  [ "$step:$1" = "$FAULT_AT" ] || return 0
  if [ -e "$plant_dir/fault-fired" ]; then return 0; fi
  : >"$plant_dir/fault-fired"
  : >"$plant_dir/fault-reached"
  case $FAULT_KIND in runner | twice) kill -9 $$ ;; esac
  plant_waited=0
  until [ -e "$plant_dir/fault-go" ] || [ "$plant_waited" -ge 3000 ]; do
    plant_waited=$((plant_waited + 1))
    sleep 0.02
  done
}
