# Runs a command for as long as the other end of file descriptor 3 stays open, so that it ends with
# whoever started it, even if that one is killed. Arguments: the signal that stops the command,
# a folder to remove when it has ended (or ''), the command.
signal=$1 folder=$2
shift 2
"$@" 3<&- &
command=$!
(
  read -r _ <&3
  kill -s "$signal" "$command"
) >/dev/null 2>&1 &
watcher=$!
wait "$command"
status=$?
kill "$watcher" 2>/dev/null
[ -z "$folder" ] || rm -rf -- "$folder"
exit "$status"
