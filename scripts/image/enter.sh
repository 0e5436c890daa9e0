# Becomes a command in a root file system of its own, with mounts and process ids of its own, as a container has them; all of it goes with the command.
# Run it under unshare --mount --pid --fork. From the environment: LAYERS (folders, the topmost first, with colons), WRITTEN (a folder for what is
# written; empty: the root is read-only), MOUNT (an empty folder), TMPFS and BINDS (paths, with blanks). Arguments: the command, as the root sees it.
set -eu
mount --make-rprivate /
if [ -n "$WRITTEN" ]; then
  mkdir -p "$WRITTEN.work"
  mount -t overlay overlay -o "lowerdir=$LAYERS,upperdir=$WRITTEN,workdir=$WRITTEN.work" "$MOUNT"
else
  mount -t overlay overlay -o "ro,lowerdir=$LAYERS" "$MOUNT"
fi
mount -t proc -o nosuid,nodev,noexec proc "$MOUNT/proc"
mount -t tmpfs -o nosuid,mode=755,size=64k tmpfs "$MOUNT/dev"
for device in null zero full random urandom; do
  : >"$MOUNT/dev/$device"
  mount --bind "/dev/$device" "$MOUNT/dev/$device"
done
mount -o remount,ro "$MOUNT/dev"
for folder in $TMPFS; do mount -t tmpfs -o nosuid,nodev,noexec,mode=1777,size=64m tmpfs "$MOUNT$folder"; done
for pair in $BINDS; do
  from=${pair%%:*} to=$MOUNT${pair#*:}
  if [ -d "$from" ]; then mkdir -p "$to"; elif [ ! -e "$to" ]; then : >"$to"; fi
  mount --bind "$from" "$to"
  [ -d "$from" ] || mount -o remount,ro,bind "$to"
done
unset LAYERS WRITTEN TMPFS BINDS
root=$MOUNT
unset MOUNT
exec chroot "$root" "$@"
