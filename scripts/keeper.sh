# Becomes a command that lasts no longer than the other end of file descriptor 3 stays open, so that it ends with
# whoever started it, even if that one is killed. Arguments: the signal that stops the command,
# a folder to remove when it has ended (or ''), the command.
signal=$1 folder=$2
shift 2
(
  read -r _ <&3
  kill -s "$signal" $$
  tries=600
  while kill -0 $$ && [ $((tries -= 1)) -gt 0 ]; do sleep 0.05; done
  [ -z "$folder" ] || rm -rf -- "$folder"
) >/dev/null 2>&1 &
exec "$@" 3<&-
