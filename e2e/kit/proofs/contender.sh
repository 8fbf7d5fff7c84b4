# One contender: waits at the barrier, wants the lock once, says what came of it. Variables come with the environment.
. "$KIT"
refuse() { printf '%s refused %s\n' "$JOB" "$1"; exit 0; }
exec 6<"$HOLD" 7<"$GO"
printf '%s ready\n' "$JOB"
read -r _ <&7
exec 7<&-
lock_acquire || { printf '%s lost\n' "$JOB"; exit 0; }
mkdir "$WITNESS" 2>/dev/null || printf '%s double\n' "$JOB"
printf '%s took %s\n' "$JOB" "$epoch"
# Until the end of the race, or for as long as it takes to look: whoever else is inside now will be seen.
read -r _ <&6
exec 6<&-
sleep 0.005
rmdir "$WITNESS" 2>/dev/null
lock_release
