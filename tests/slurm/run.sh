#!/usr/bin/env bash
# Two figures of the smoke study through workflow/profiles/slurm, on a real Slurm of one node that is started for it:
#
#   tests/slurm/run.sh [PYTHON]      PYTHON has the packages of envs/requirements-slurm.txt
#
# 1. A job that is killed for memory is submitted again with more.      3. The files are those of a local run.
# 2. The head process is killed; what docs/cluster.md says to do then   4. `device: cuda` is refused before any job.
#    finishes the study, and what was finished is left alone.
#
# Exit status 0: passed. 77: skipped, the last line says why. Anything else: failed.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
python=$(command -v "${1:-python}") || { echo "no ${1:-python}" >&2; exit 1; }
[[ $python == /* ]] || python=$PWD/$python
. "$here/one_node.sh"
SMOKE=(--configfile workflow/presets/smoke.yaml)
TABLE=results/smoke/tables/two_site.csv
FIGURE=fig1 # a structure, its labels, a table, a picture

say() { echo "== $(date +%T) $*"; }
fail() { echo "failed: $*" >&2; exit 1; }

reason=$(why_not_slurm)
"$python" -c "import snakemake_executor_plugin_slurm" 2>/dev/null ||
    reason=${reason:-"$python has no snakemake-executor-plugin-slurm (envs/requirements-slurm.txt)"}
[[ -z $reason ]] || { echo "skipped: $reason"; exit 77; }

scratch=$(mktemp -d "${TMPDIR:-/tmp}/sdglass-slurm.XXXXXX")
head_pid=
finish() {
    local status=$? file
    set +e # nothing keeps the machine from being left as it was found
    trap - EXIT
    trap '' INT TERM
    [[ -n $head_pid ]] && kill -9 "$head_pid" 2>/dev/null
    if ((status)); then
        for file in "$scratch"/*.log "$scratch"/slurm/*.log; do
            [[ -s $file ]] && { echo "---- $file"; tail -n 25 "$file"; }
        done >&2
    fi
    stop_slurm
    rm -rf "$scratch"
    exit "$status"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# Sets `command`: it is run as "${command[@]}", whose process is then the head process itself and no shell around it.
# Asking often pays here alone, where jobs take seconds; squeue, because nobody keeps accounts.
through_slurm() { # PROFILE [ARGUMENT...]
    command=("$python" -m snakemake --profile "$1" --latency-wait 5 --slurm-status-command squeue
        --slurm-init-seconds-before-status-checks 1 "${@:2}" "${SMOKE[@]}")
}

say "local run"
# A checkout of the same commit with the same changes, so that even the provenance within files is the same.
study=$scratch/study local=$scratch/local
git clone -q --shared --no-checkout "$root" "$study" 2>/dev/null && git -C "$study" reset -q || mkdir -p "$study"
cp -r "$root"/{Snakefile,config.yaml,workflow,profiles,src} "$study"
cp -r "$study" "$local"
(cd "$local" && "$python" -m snakemake --cores 2 "$TABLE" "$FIGURE" "${SMOKE[@]}") >"$scratch/local.log" 2>&1 ||
    fail "the smoke study does not run locally"

say "starting Slurm"
start_slurm "$scratch/slurm"
cd "$study"

say "a job killed for memory comes back with more"
through_slurm workflow/profiles/slurm "$TABLE" --set-resources 'tables_two_site:mem_mb=240 * attempt'
"${command[@]}" >"$scratch/memory.log" 2>&1 || fail "a job with too little memory was given up"
grep -q "Trying to restart job" "$scratch/memory.log" || fail "240 MB were enough for a job and two snakemakes: no restart"
finished=$(stat -c '%y %i' "$TABLE")

say "the head process is killed once there is a structure"
through_slurm workflow/profiles/slurm "$TABLE" "$FIGURE"
"${command[@]}" >"$scratch/first.log" 2>&1 &
head_pid=$!
until compgen -G "results/smoke/structures/*/*" >/dev/null; do
    kill -0 "$head_pid" 2>/dev/null || fail "the study ended before it could be killed"
    sleep 0.2
done
kill -9 "$head_pid"
wait "$head_pid" 2>/dev/null || true
head_pid=

say "what the documentation says to do then"
cleanup=$(documented_commands "$root/docs/cluster.md")
[[ $cleanup == *scancel*"snakemake --unlock"* ]] || fail "docs/cluster.md does not say how to cancel jobs and to unlock"
snakemake() { "$python" -m snakemake "$@" "${SMOKE[@]}"; }
eval "$cleanup" >"$scratch/unlock.log" 2>&1 || fail "what docs/cluster.md says to do after a kill"
while [[ -n $(squeue --noheader) ]]; do sleep 0.5; done
"${command[@]}" >"$scratch/second.log" 2>&1 || fail "the second start did not finish the study"
[[ $(stat -c '%y %i' "$TABLE") == "$finished" ]] || fail "a finished table was made again"

say "results are those of the local run"
while read -r file; do
    cmp "$file" "$local/$file" || fail "$file is not that of the local run"
done < <(find results/smoke -type f ! -path '*/logs/*' ! -path '*/benchmarks/*')

say "no GPU: refused before any job"
status=0
through_slurm workflow/profiles/slurm --profile workflow/profiles/gpu
"${command[@]}" >"$scratch/gpu.log" 2>&1 || status=$?
((status != 0)) || fail "device: cuda ran on a node without a GPU"
grep "no node of this Slurm cluster offers a GPU" "$scratch/gpu.log" || fail "device: cuda was refused without saying why"
! grep -q "submitted with SLURM jobid" "$scratch/gpu.log" || fail "a job was submitted before the refusal"
echo "passed"
