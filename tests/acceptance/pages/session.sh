# What the session of a page begins with. PAGE is the folder of its blocks, EMULATOR the program.
set -euo pipefail

# Starts an emulator with this seed, and perhaps further arguments, which clients take for the cloud.
emulator() {
  alicloud-emulator serve --seed "$@"
  export ALIBABA_CLOUD_ENDPOINT_SLS="http://$EMULATOR_ADDRESS" ALIBABA_CLOUD_ENDPOINT_RAM="http://$EMULATOR_ADDRESS"
  export ALIBABA_CLOUD_ENDPOINT_KMS="http://$EMULATOR_ADDRESS" ALIBABA_CLOUD_ENDPOINT_STS="http://$EMULATOR_ADDRESS"
  export ALIBABA_CLOUD_ACCESS_KEY_ID=ak-root ALIBABA_CLOUD_ACCESS_KEY_SECRET=sk-root
}

stop_emulator() {
  kill "$EMULATOR_PID"
  wait "$EMULATOR_PID"
}

# The emulator serves beside the session, on a free port.
alicloud-emulator() {
  if [ "$1" != serve ]; then
    "$EMULATOR" "$@"
    return
  fi
  local arguments=() argument is_address= ready
  for argument in "$@"; do
    if [ -n "$is_address" ]; then
      is_address=
    elif [ "$argument" = --listen ]; then
      is_address=yes
    else
      arguments+=("$argument")
    fi
  done
  rm -f "$PAGE/ready"
  mkfifo "$PAGE/ready"
  "$EMULATOR" "${arguments[@]}" --listen 127.0.0.1:0 >"$PAGE/ready" 2>"$PAGE/emulator.log" &
  EMULATOR_PID=$!
  if ! read -r ready <"$PAGE/ready"; then
    cat "$PAGE/emulator.log"
    return 1
  fi
  EMULATOR_ADDRESS="${ready#*'"listening":"'}"
  export EMULATOR_ADDRESS="${EMULATOR_ADDRESS%%\"*}"
  printf '%s\n' "$ready"
}

# Says which block comes now, and puts the emulator's port into it.
begin() {
  printf '%s' "$1" >"$PAGE/current"
  # It is in the background already.
  sed -i 's/^\(alicloud-emulator serve .*\) &$/\1/' "$PAGE/$1"
  if [ -n "${EMULATOR_ADDRESS:-}" ]; then
    sed -i "s/127\.0\.0\.1:8700/$EMULATOR_ADDRESS/g" "$PAGE/$1"
  fi
}

# Puts the port of the page into what a block has printed, and tells the block's exit code.
end() {
  printf '%s' "$2" >"$PAGE/$1.code"
  if [ -n "${EMULATOR_ADDRESS:-}" ]; then
    sed -i "s/$EMULATOR_ADDRESS/127.0.0.1:8700/g" "$PAGE/$1.output"
  fi
  [ "$2" = "$3" ]
}
