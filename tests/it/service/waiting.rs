//! Before its log is there usher answers probes and waits; `usher healthcheck` asks them.

use std::{
    os::unix::net::UnixDatagram,
    process::{Command, Output, Stdio},
    time::Duration,
};

use usher::sandbox::{Account, webhook::Happening};

use crate::support::{
    face::eventually,
    ground::{ACME, Ground},
    kafka::KafkaBroker,
    reserved::Reserved,
    usher::{Usher, command, serve},
};

const EVERYBODY: &str = "{ id: new, source: acme, trigger: on_create, test_mode: false, select: { everyone: true },
                           actions: [{ add_groups: [staff] }] }";

fn ground() -> Ground {
    Ground::new(EVERYBODY).groups(&["staff"])
}

/// What `usher healthcheck` says of the usher at `usher`: exit code, then its one line.
fn healthcheck(usher: &Usher, arguments: &[&str]) -> (Option<i32>, String) {
    let mut asked = command();
    asked.args(["healthcheck", "--url", &format!("http://{}", usher.admin)]).args(arguments);
    said(&asked.output().expect("run"))
}

fn said(Output { status, stdout, stderr }: &Output) -> (Option<i32>, String) {
    let text = [stdout, stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned()).concat();
    assert_eq!(text.lines().count(), 1, "{text}");
    (status.code(), text)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kafka_that_is_away_at_the_start_is_waited_for() {
    let broker = KafkaBroker::own();
    broker.stop();
    let ground = ground().on_kafka(&broker.config(2));
    let usher = Usher::waiting(&ground).await;
    let waits = eventually("it says that Kafka does not answer", async || {
        let (status, text) = usher.open_page("readyz").await;
        assert_eq!(status, 503, "{text}");
        text.contains("last trouble").then_some(text)
    })
    .await;
    assert!(waits.contains(r#""what":"log""#) && !waits.contains("127.0.0.1"), "{waits}");
    assert_eq!(usher.open_page("healthz").await.0, 200);
    let failing = usher.open_page("metrics").await.1;
    assert!(failing.contains("usher_component_failing{component=\"log\"} 1"), "{failing}");
    assert_eq!(usher.open_page("api/v1/runs").await.0, 503);
    assert!(reqwest::get(format!("http://{}/webhooks/acme", usher.webhooks)).await.is_err(), "it is not taken in yet");
    assert_eq!(healthcheck(&usher, &[]), (Some(0), "alive\n".to_owned()));
    let (code, line) = healthcheck(&usher, &["--ready"]);
    assert!(code == Some(1) && line.contains("answers 503: log: "), "{line}");
    tokio::task::block_in_place(|| broker.start());
    // A broker needs seconds before it answers anybody.
    eventually("ready", async || usher.open_page("readyz").await.0.is_success().then_some(())).await;
    assert_eq!(healthcheck(&usher, &["--ready"]), (Some(0), "ready\n".to_owned()));
    let jane = Account::new("KEY1", "jane");
    ground.sandbox.put_user(ACME.product, jane.clone());
    usher.tell(ACME, Happening::Created, &jane).await;
    usher.drain().await;
    assert_eq!(ground.effects().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_usher_that_waits_for_its_log_is_stopped_at_once() {
    let nobody = Reserved::new();
    let ground = ground()
        .tweak("USHER_LOG__KIND", "kafka")
        .tweak("USHER_LOG__KAFKA__BROKERS", &format!("[\"{}\"]", nobody.address));
    let usher = Usher::waiting(&ground).await;
    eventually("it waits", async || usher.log().contains("it waits for its log").then_some(())).await;
    usher.terminate();
    let (status, log) = usher.wait();
    assert!(status.success() && log.contains("stopped before it ran"), "{status}: {log}");
}

#[test]
fn nobody_who_answers_is_told_in_one_line() {
    let reserved = Reserved::new();
    let address = reserved.address;
    let file = tempfile::Builder::new().suffix(".yaml").tempfile().expect("a file");
    std::fs::write(file.path(), format!("admin: {{ listen: \"{address}\" }}\n")).expect("written");
    let (code, line) = said(&command().arg("healthcheck").arg("--config").arg(file.path()).output().expect("run"));
    assert!(code == Some(1) && line.contains(&format!("{address}/healthz does not answer")), "{line}");
    let (code, line) = said(&command().args(["healthcheck", "--config", "/no/such.yaml"]).output().expect("run"));
    assert!(code == Some(1) && line.contains("/no/such.yaml"), "{line}");
}

#[test]
fn systemd_is_told_when_usher_runs_and_when_it_stops() {
    let ground = ground();
    let path = ground.folder().join("notify");
    let socket = UnixDatagram::bind(&path).expect("a socket");
    socket.set_read_timeout(Some(Duration::from_secs(90))).expect("set");
    let mut usher = serve(&ground).env("NOTIFY_SOCKET", &path).stderr(Stdio::null()).spawn().expect("started");
    let told = || {
        let mut text = [0; 4096];
        let length = socket.recv(&mut text).expect("told in time");
        String::from_utf8_lossy(&text[..length]).into_owned()
    };
    assert!(told().contains("READY=1"));
    assert!(Command::new("kill").args(["-TERM", &usher.id().to_string()]).status().expect("kill").success());
    assert!(told().contains("STOPPING=1"));
    assert!(usher.wait().expect("ended").success());
}
