# To be sourced: a Slurm of one node on this machine, as root, without systemd and without accounting.
#
#   why_not_slurm           prints why it cannot be had here, nothing if it can
#   start_slurm FOLDER      installs what is missing, starts it with everything it writes in FOLDER
#   stop_slurm              stops what start_slurm started and leaves /etc/slurm as it was
#   documented_commands PAGE    prints the commands that the page marks as run here: <!-- run: slurm -->

SLURM_PACKAGES=(slurmctld slurmd slurm-client munge)
slurm_programs=(slurmctld slurmd sbatch srun squeue sinfo scancel munged)
slurm_pids=()
slurm_conf= # what /etc/slurm/slurm.conf is linked to, once it is
slurm_made_etc=

documented_commands() { # PAGE
    sed -n '/^<!-- run: slurm -->$/,/^```$/{/^<!--/d; /^```/d; p}' "$1"
}

missing_programs() {
    local name
    for name in "${slurm_programs[@]}"; do
        PATH="$PATH:/usr/sbin" command -v "$name" >/dev/null || echo "$name"
    done
}

why_not_slurm() {
    if [[ $(uname -s) != Linux ]]; then
        echo "this is no Linux"
    elif ((EUID != 0)); then
        echo "only root can start Slurm's daemons so that they run jobs"
    elif [[ -e /etc/slurm/slurm.conf || -L /etc/slurm/slurm.conf ]]; then
        echo "/etc/slurm/slurm.conf is there: this machine has a Slurm of its own"
    elif [[ -n $(missing_programs) ]] && ! command -v apt-get >/dev/null; then
        echo "no $(missing_programs | xargs), and no apt-get to install them with"
    fi
}

install_slurm() {
    [[ -z $(missing_programs) ]] && return
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq && apt-get install -y -qq --no-install-recommends "${SLURM_PACKAGES[@]}"
}

free_ports() { # COUNT
    python3 - "$1" <<'PYTHON'
import socket, sys

sockets = [socket.socket() for _ in range(int(sys.argv[1]))]
for one in sockets:
    one.bind(("127.0.0.1", 0))
print(*(one.getsockname()[1] for one in sockets))
PYTHON
}

write_slurm_conf() { # FOLDER
    local folder=$1 host cpus ports
    host=$(hostname -s)
    cpus=$(nproc)
    read -ra ports < <(free_ports 2)
    cat >"$folder/slurm.conf" <<CONF
ClusterName=sdglass-test
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=${ports[0]}
SlurmdPort=${ports[1]}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$folder/munge.socket
CredType=cred/munge
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.pid
SlurmctldLogFile=$folder/slurmctld.log
SlurmdLogFile=$folder/slurmd.log
SlurmdParameters=config_overrides
MpiDefault=none
SwitchType=switch/none
ReturnToService=2
# No control groups: processes are followed by their parents, bound to cores by the scheduler's own calls, and
# watched for memory once a second.
ProctrackType=proctrack/linuxproc
TaskPlugin=task/affinity
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill
KillWait=2
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
# Memory is promised, not counted: the study is the small one, what its jobs ask for is what the big one needs.
# No accounting: squeue knows a job's end for MinJobAge seconds.
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/none
MinJobAge=600
NodeName=$host NodeAddr=127.0.0.1 CPUs=$cpus Boards=1 SocketsPerBoard=1 CoresPerSocket=$cpus ThreadsPerCore=1 RealMemory=32000 State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
CONF
}

start_slurm() { # FOLDER
    local folder=$1 try
    install_slurm || { echo "Slurm's packages could not be installed" >&2; return 1; }
    PATH="$PATH:/usr/sbin"
    unset SLURM_CONF
    mkdir -p "$folder/state" "$folder/spool"
    chmod 755 "$folder"
    write_slurm_conf "$folder"
    # The file has to lie where Slurm looks for it: jobs of the executor plugin see no variable SLURM_*.
    if [[ ! -d /etc/slurm ]]; then
        mkdir /etc/slurm && slurm_made_etc=yes
    fi
    slurm_conf=$folder/slurm.conf
    ln -s "$slurm_conf" /etc/slurm/slurm.conf

    (umask 077 && head -c 1024 /dev/urandom >"$folder/munge.key")
    munged --foreground --force --key-file="$folder/munge.key" --socket="$folder/munge.socket" \
        --pid-file="$folder/munged.pid" --log-file="$folder/munged.log" --seed-file="$folder/munge.seed" \
        >"$folder/munged.out" 2>&1 &
    slurm_pids+=($!)
    for ((try = 0; try < 50; try++)); do
        [[ -S $folder/munge.socket ]] && break
        sleep 0.1
    done
    slurmctld -D >"$folder/slurmctld.out" 2>&1 &
    slurm_pids+=($!)
    slurmd -D -N "$(hostname -s)" >"$folder/slurmd.out" 2>&1 &
    slurm_pids+=($!)
    for ((try = 0; try < 60; try++)); do
        [[ $(sinfo --noheader --format=%t 2>/dev/null) == idle ]] && return
        sleep 0.5
    done
    echo "Slurm did not start:" >&2
    tail -n 20 "$folder"/*.out "$folder"/*.log >&2
    return 1
}

stop_slurm() {
    local pid try
    if [[ -n $slurm_conf && $(readlink /etc/slurm/slurm.conf) == "$slurm_conf" ]]; then
        # Jobs first: they are nobody's children here.
        squeue --noheader --format=%A 2>/dev/null | xargs -r scancel 2>/dev/null
        for ((try = 0; try < 40; try++)); do
            [[ -z $(squeue --noheader 2>/dev/null) ]] && break
            sleep 0.5
        done
    fi
    for pid in $(printf '%s\n' "${slurm_pids[@]}" | tac); do
        kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null
    done
    slurm_pids=()
    if [[ -n $slurm_conf && $(readlink /etc/slurm/slurm.conf) == "$slurm_conf" ]]; then
        rm /etc/slurm/slurm.conf
        [[ -n $slurm_made_etc ]] && rmdir /etc/slurm
    fi
    slurm_conf=
}
