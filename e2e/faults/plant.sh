# Read by a job right after its kit, when a fault is to come to it: stops it once at FAULT_AT, `step:phase`, while harm is
# done outside, or ends it there. Waits 60 s at most.
plant_dir=$PWD
at() {
  [ "$step:$1" = "$FAULT_AT" ] || return 0
  if [ -e "$plant_dir/fault-fired" ]; then return 0; fi
  : >"$plant_dir/fault-fired"
  : >"$plant_dir/fault-reached"
  [ "$FAULT_KIND" = runner ] && kill -9 $$
  plant_waited=0
  until [ -e "$plant_dir/fault-go" ] || [ "$plant_waited" -ge 3000 ]; do
    plant_waited=$((plant_waited + 1))
    sleep 0.02
  done
}
