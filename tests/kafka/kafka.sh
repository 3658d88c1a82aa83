#!/usr/bin/env bash
# A real single-node Apache Kafka (KRaft: broker and controller in one) for tests.
#
#   kafka.sh fetch            Kafka's jars, once, into USHER_TEST_CACHE (default: ~/.cache/usher-test)
#   kafka.sh start DIR PORT   starts a broker on 127.0.0.1:PORT with all it keeps in DIR; prints its address when it
#                             answers. Started again with the same DIR and PORT it has its data back.
#   kafka.sh stop DIR         ends it in order
#   kafka.sh kill DIR         ends it as a crash would
#
# USHER_TEST_OWNER=PID with `start`: when that process is gone, the broker is killed and DIR removed.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
version=$(sed -n 's:.*<kafka.version>\(.*\)</kafka.version>.*:\1:p' "$here/pom.xml")
jars=${USHER_TEST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/usher-test}/kafka-$version

die() { echo "kafka.sh: $*" >&2; exit 1; }

java_is_new_enough() {
    local major
    major=$(java -version 2>&1 | sed -n 's/.* version "\([0-9]*\).*/\1/p' | head -1) || return 1
    [[ -n $major && $major -ge 17 ]]
}

need_tools() {
    local missing=()
    java_is_new_enough || missing+=(default-jre-headless)
    if [[ ${1:-} == maven ]]; then command -v mvn >/dev/null || missing+=(maven); fi
    [[ ${#missing[@]} -eq 0 ]] && return
    [[ $(id -u) -eq 0 ]] && command -v apt-get >/dev/null ||
        die "missing: ${missing[*]}. Install Java 17 or later and Maven, then try again."
    echo "kafka.sh: installing ${missing[*]}" >&2
    { apt-get update -q && apt-get install -y -q --no-install-recommends "${missing[@]}"; } >&2
    java_is_new_enough || die "Java 17 or later is needed, this is: $(java -version 2>&1 | head -1)"
}

fetch() {
    [[ -d $jars ]] && return
    mkdir -p "$(dirname "$jars")"
    exec 9>"$jars.lock"
    flock 9
    # Another call may have fetched it while this one waited.
    if [[ ! -d $jars ]]; then
        need_tools maven
        local fresh
        fresh=$(mktemp -d "$jars.XXXXXX")
        mvn -q -B -f "$here/pom.xml" dependency:copy-dependencies -DincludeScope=runtime \
            -DoutputDirectory="$fresh" >&2 || { rm -rf "$fresh"; die "could not fetch Kafka $version with Maven"; }
        chmod 755 "$fresh"
        mv "$fresh" "$jars"
    fi
    exec 9>&-
}

# A process that has ended and that nobody has waited for yet does not run.
is_running() { kill -0 "$1" 2>/dev/null && ! grep -qs '^State:.Z' "/proc/$1/status"; }

is_answering() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

a_free_port() {
    local port
    for _ in {1..100}; do
        # Below the range from which the kernel takes the ports of outgoing connections.
        port=$((20000 + RANDOM % 12000))
        is_answering "$port" || { echo "$port"; return; }
    done
    die "no free port"
}

run_java() { java -Dlog4j2.configurationFile="$here/log4j2.properties" -cp "$jars/*" "$@"; }

format() {
    local dir=$1 port=$2 controller
    controller=$(a_free_port)
    mkdir -p "$dir"
    cat >"$dir/server.properties" <<PROPERTIES
process.roles=broker,controller
node.id=1
listeners=PLAINTEXT://127.0.0.1:$port,CONTROLLER://127.0.0.1:$controller
advertised.listeners=PLAINTEXT://127.0.0.1:$port,CONTROLLER://127.0.0.1:$controller
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
controller.listener.names=CONTROLLER
controller.quorum.bootstrap.servers=127.0.0.1:$controller
log.dirs=$dir/data
auto.create.topics.enable=false
num.partitions=1
offsets.topic.num.partitions=4
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
# After a kill the controller keeps the broker out until the killed one's session is over.
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
log.retention.check.interval.ms=1000
log.cleaner.backoff.ms=500
PROPERTIES
    run_java -Xmx256m -XX:TieredStopAtLevel=1 kafka.tools.StorageTool format --standalone \
        -t "$(run_java -XX:TieredStopAtLevel=1 kafka.tools.StorageTool random-uuid)" \
        -c "$dir/server.properties" >"$dir/format.log" 2>&1 || die "format failed: $(cat "$dir/format.log")"
}

# Kills the broker when the process OWNER is gone, and removes what it left.
watch_owner() {
    local owner=$1 pid=$2 dir=$3
    while is_running "$pid"; do
        is_running "$owner" || { kill -9 "$pid" 2>/dev/null || true; rm -rf "$dir"; return; }
        sleep 0.5
    done
}

start() {
    local dir=$1 port=$2
    need_tools
    [[ -f $dir/server.properties ]] || format "$dir" "$port"
    dir=$(cd "$dir" && pwd)
    # Sessions of their own for the broker and its watchdog: what ends the tests' process group must not end these two,
    # or there would be nobody left to clean up.
    setsid java -Xms128m -Xmx512m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 \
        -Dlog4j2.configurationFile="$here/log4j2.properties" -cp "$jars/*" \
        kafka.Kafka "$dir/server.properties" </dev/null >"$dir/broker.log" 2>&1 &
    local pid=$!
    echo "$pid" >"$dir/pid"
    if [[ -n ${USHER_TEST_OWNER:-} ]]; then
        setsid "$here/kafka.sh" watch "$USHER_TEST_OWNER" "$pid" "$dir" </dev/null >/dev/null 2>&1 &
    fi
    local deadline=$((SECONDS + 60))
    # Taken from its log rather than asked by a client: a second JVM would take longer than the broker itself.
    until grep -q 'Kafka Server started' "$dir/broker.log" && is_answering "$port"; do
        is_running "$pid" || die "the broker ended at start: $(tail -20 "$dir/broker.log")"
        ((SECONDS < deadline)) || { kill -9 "$pid"; die "no answer in 60 s: $(tail -20 "$dir/broker.log")"; }
        sleep 0.1
    done
    echo "127.0.0.1:$port"
}

# Sends SIGNAL and waits until the process is gone.
finish() {
    local dir=$1 signal=$2 pid
    [[ -f $dir/pid ]] || return 0
    pid=$(cat "$dir/pid")
    kill "-$signal" "$pid" 2>/dev/null || true
    local deadline=$((SECONDS + 30))
    while is_running "$pid"; do
        ((SECONDS < deadline)) || kill -9 "$pid" 2>/dev/null || true
        sleep 0.05
    done
    rm -f "$dir/pid"
}

case "${1:-}" in
    fetch) fetch ;;
    start) [[ $# -eq 3 ]] || die "usage: kafka.sh start DIR PORT"; fetch; start "$2" "$3" ;;
    stop) [[ $# -eq 2 ]] || die "usage: kafka.sh stop DIR"; finish "$2" TERM ;;
    watch) watch_owner "$2" "$3" "$4" ;; # for `start` only
    kill) [[ $# -eq 2 ]] || die "usage: kafka.sh kill DIR"; finish "$2" KILL ;;
    *) die "usage: kafka.sh fetch | start DIR PORT | stop DIR | kill DIR" ;;
esac
