#!/usr/bin/env bash
# The smoke study through workflow/profiles/slurm, on a real Slurm of one node that is started here for it:
#
#   tests/slurm/run.sh [PYTHON [TARGET...]]      PYTHON has the packages of envs/requirements-slurm.txt;
#                                                with targets (fig1, files), the part of the study that they need
#
# 1. A job that is killed for memory is submitted again with more.       3. Its results are those of the local run.
# 2. The head process is killed in the middle: a second start finishes   4. `device: cuda` is refused before any job.
#    the study, and what was finished is not made again.
#
# Exit status 0: passed. 77: skipped, the last line says why. Anything else: failed.
# Everything is written to a temporary folder; a finished local run in results/smoke is used, else one is made there.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
python=$(command -v "${1:-python3}") || { echo "no $1" >&2; exit 1; }
[[ $python == /* ]] || python=$PWD/$python
. "$here/one_node.sh"
SMOKE=workflow/scales/smoke.yaml
table=results/smoke/tables/two_site.csv
targets=()
if (($# > 1)); then targets=("${@:2}" "$table"); fi

skip() { echo "skipped: $*"; exit 77; }
fail() { echo "failed: $*" >&2; exit 1; }
say() { echo "== $(date +%T) $*"; }

reason=$(why_not_slurm)
[[ -z $reason ]] || skip "$reason"
"$python" -c "import snakemake_executor_plugin_slurm" 2>/dev/null ||
    skip "$python has no snakemake-executor-plugin-slurm (pip install -r envs/requirements-slurm.txt)"

scratch=$(mktemp -d "${TMPDIR:-/tmp}/sdglass-slurm.XXXXXX")
head_pid=
finish() {
    local status=$?
    set +e # nothing keeps the machine from being left as it was found
    trap - EXIT
    trap '' INT TERM
    [[ -n $head_pid ]] && kill -9 "$head_pid" 2>/dev/null
    ((status == 0)) || show_logs
    stop_slurm
    rm -rf "$scratch"
    exit "$status"
}
show_logs() {
    local file
    for file in "$scratch"/*.log "$scratch"/slurm/*.log "$scratch"/slurm/*.out; do
        [[ -s $file ]] && { echo "---- $file"; tail -n 25 "$file"; }
    done >&2
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# A checkout of the same commit with the same changes, so that even the provenance within files is the same.
copy_study() { # FOLDER
    if git -C "$root" rev-parse -q --verify HEAD >/dev/null 2>&1; then
        git clone -q --shared --no-checkout "$root" "$1"
        git -C "$1" reset -q
    fi
    mkdir -p "$1"
    cp -r "$root"/{Snakefile,config.yaml,workflow,src,envs} "$1"
}

# Sets `command`: it is run as "${command[@]}", whose process is then the head process itself and no shell around it.
# Asking often pays here alone, where jobs take seconds; squeue, because nobody keeps accounts.
through_slurm() { # PROFILES... -- ARGUMENTS...
    command=("$python" -m snakemake)
    while [[ $1 != -- ]]; do command+=(--profile "$1") && shift; done
    shift
    command+=(--latency-wait 5 --slurm-status-command squeue --slurm-init-seconds-before-status-checks 1 "$@"
        --configfile "$SMOKE")
}

study=$scratch/study # before anything is run, so that the same is run twice
copy_study "$study"

say "local run"
reference=$root
plan=$(cd "$root" && "$python" -m snakemake -n --nolock "${targets[@]}" --configfile "$SMOKE" 2>&1) || true
if ((${#targets[@]})) || [[ $plan != *"Nothing to be done"* || ! -d $root/results/smoke/trajectories ]]; then
    reference=$scratch/local
    cp -r "$study" "$reference"
    (cd "$reference" && "$python" -m snakemake --cores 2 "${targets[@]}" --configfile "$SMOKE") >"$scratch/local.log" 2>&1 ||
        fail "the smoke study does not run locally"
fi

say "starting Slurm"
start_slurm "$scratch/slurm"
cd "$study"

say "a job killed for memory comes back with more"
cp -r workflow/profiles/slurm "$scratch/tight"
sed -i -E 's/mem_mb: [0-9]+ \* attempt/mem_mb: 150 * attempt/' "$scratch/tight/config.yaml"
through_slurm "$scratch/tight" -- --slurm-jobname-prefix tight "$table"
"${command[@]}" >"$scratch/memory.log" 2>&1 ||
    fail "a job with too little memory was given up"
[[ -s $table ]] || fail "no $table"
grep -q "Trying to restart job" "$scratch/memory.log" || fail "150 MB were enough for a job and two snakemakes: no restart"

say "the study, and its head process killed once the pair model is there"
through_slurm workflow/profiles/slurm -- "${targets[@]}"
"${command[@]}" >"$scratch/first.log" 2>&1 &
head_pid=$!
until "$python" "$here/check.py" finished . >/dev/null 2>&1; do
    kill -0 "$head_pid" 2>/dev/null || fail "the study ended before it could be killed"
    sleep 1
done
sleep 5
kill -9 "$head_pid"
wait "$head_pid" 2>/dev/null || true
head_pid=

say "what the documentation says to do then"
cleanup=$(documented_commands "$root/docs/cluster.md")
[[ $cleanup == *scancel*"snakemake --unlock"* ]] || fail "docs/cluster.md does not say how to cancel jobs and to unlock"
snakemake() { "$python" -m snakemake "$@" --configfile "$SMOKE"; }
eval "$cleanup" >"$scratch/unlock.log" 2>&1 || fail "what docs/cluster.md says to do after a kill"
while [[ -n $(squeue --noheader) ]]; do sleep 0.5; done
"$python" "$here/check.py" finished . >"$scratch/finished.json"
"${command[@]}" >"$scratch/second.log" 2>&1 || fail "the second start did not finish the study"
"$python" "$here/check.py" untouched . "$scratch/finished.json"
plan=$("$python" -m snakemake -n "${targets[@]}" --configfile "$SMOKE" 2>&1)
[[ $plan == *"Nothing to be done"* ]] || fail "a finished study has something left to do"

say "results are those of the local run"
"$python" "$here/check.py" same "$reference/results/smoke" results/smoke

say "no GPU: refused before any job"
status=0
through_slurm workflow/profiles/slurm workflow/profiles/gpu -- --forcerun train
"${command[@]}" >"$scratch/gpu.log" 2>&1 || status=$?
((status != 0)) || fail "device: cuda ran on a node without a GPU"
grep "no node of this Slurm cluster offers a GPU" "$scratch/gpu.log" || fail "device: cuda was refused without saying why"
! grep -q "submitted with SLURM jobid" "$scratch/gpu.log" || fail "a job was submitted before the refusal"

say "blocks: $(grep -c 'submitted with SLURM jobid' "$scratch/first.log") and $(grep -c 'submitted with SLURM jobid' "$scratch/second.log") Slurm jobs before and after the kill"
echo "passed"
