//! A real Kafka broker. A test that asks for one and can't have it fails.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::{
    net::{Ipv4Addr, TcpListener},
    path::PathBuf,
    process::Command,
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
};

use rand::RngExt;
use usher::{config::KafkaConfig, secret::Secret};

/// A broker on this machine, or the one that `USHER_TEST_KAFKA` names.
pub struct KafkaBroker {
    address: String,
    process: Option<Process>,
}

/// A broker started here. The script's watchdog ends it, and removes its directory, when this process ends.
struct Process {
    dir: PathBuf,
    port: u16,
}

static MADE: AtomicU32 = AtomicU32::new(0);

impl KafkaBroker {
    /// One broker for all tests of this process; tests keep apart by their topic prefixes.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<KafkaBroker> = OnceLock::new();
        SHARED.get_or_init(|| match std::env::var("USHER_TEST_KAFKA") {
            Ok(address) => Self { address, process: None },
            Err(_) => Self::own(),
        })
    }

    /// A broker of the caller's own, to stop and start.
    pub fn own() -> Self {
        let made = MADE.fetch_add(1, Ordering::Relaxed);
        let dir = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("kafka-{}-{made}", std::process::id()));
        let port = lasting_port();
        let broker = Self { address: format!("127.0.0.1:{port}"), process: Some(Process { dir, port }) };
        broker.start();
        broker
    }

    /// Starts it, again with the data it had.
    pub fn start(&self) {
        let process = self.process();
        script(&["start", process.dir.to_str().unwrap(), &process.port.to_string()]);
    }

    /// Ends it in order.
    pub fn stop(&self) {
        script(&["stop", self.process().dir.to_str().unwrap()]);
    }

    /// Ends it as a crash would.
    pub fn kill(&self) {
        script(&["kill", self.process().dir.to_str().unwrap()]);
    }

    /// Halts it as it stands: connections stay, answers do not come. [`Self::thaw`] lets it go on.
    pub fn freeze(&self) {
        self.signal("-STOP");
    }

    /// Lets it go on.
    pub fn thaw(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, signal: &str) {
        let pid = std::fs::read_to_string(self.process().dir.join("pid")).unwrap();
        assert!(Command::new("kill").args([signal, pid.trim()]).status().unwrap().success());
    }

    /// A configuration under a topic prefix that no other test has.
    pub fn config(&self, partitions: u16) -> KafkaConfig {
        let made = MADE.fetch_add(1, Ordering::Relaxed);
        KafkaConfig {
            brokers: vec![self.address.clone()],
            topic_prefix: format!("test-{}-{made}.", std::process::id()),
            partitions,
            replication_factor: 1,
            instance_id: None,
            options: vec![("session.timeout.ms".into(), Secret::new("6000"))],
        }
    }

    fn process(&self) -> &Process {
        self.process.as_ref().expect("only a broker of one's own is stopped and started")
    }
}

impl Drop for KafkaBroker {
    fn drop(&mut self) {
        if let Some(process) = &self.process {
            script(&["kill", process.dir.to_str().unwrap()]);
            let _ = std::fs::remove_dir_all(&process.dir);
        }
    }
}

fn script(arguments: &[&str]) {
    let output = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/kafka/kafka.sh"))
        .args(arguments)
        .env("USHER_TEST_OWNER", std::process::id().to_string())
        .output()
        .unwrap();
    assert!(output.status.success(), "kafka.sh {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// A port for something that is stopped and started again. It lies below the range from which the kernel takes the ports
/// of outgoing connections. From within that range, one of the many connections that tests make would take it while
/// nobody listens; even a client that tries to come back may, as its own source port, and is then connected with itself.
pub fn lasting_port() -> u16 {
    let mut random = rand::rng();
    loop {
        let port = random.random_range(20_000..32_000);
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
}
