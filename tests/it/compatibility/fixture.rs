//! The files in `tests/log-of-before`.

use std::{fs, path::Path, sync::Arc};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use usher::{
    domain::{Timestamp, UserKey},
    log::{
        Log, Record, Stored, Stream,
        embedded::{EmbeddedLog, Options},
    },
};

use crate::{
    log_suite::all,
    support::{app::TestApp, clock::TestClock, face::Face},
};

/// The folder of the files.
pub const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/log-of-before");

/// One record: a line of `records.jsonl`.
#[derive(Serialize, Deserialize)]
pub struct Kept {
    stream: String,
    partition: u16,
    offset: u64,
    pub key: String,
    /// In milliseconds since 1970.
    pub appended: i64,
    /// The message, in hexadecimal.
    payload: String,
}

impl Kept {
    fn new(stream: Stream, stored: &Stored) -> Self {
        Self {
            stream: stream.to_string(),
            partition: stored.position.partition.0,
            offset: stored.position.offset,
            key: stored.key.clone(),
            appended: stored.appended.as_millis(),
            payload: hex::encode(&stored.payload),
        }
    }

    pub fn stream(&self) -> Stream {
        Stream::ALL.into_iter().find(|stream| stream.as_str() == self.stream).expect("a stream")
    }

    pub fn message(&self) -> Vec<u8> {
        hex::decode(&self.payload).expect("hexadecimal")
    }
}

/// What the API shows at the end of the story: `shown.json`.
#[derive(Serialize, Deserialize)]
pub struct Shown {
    pub runs: Vec<Value>,
    pub letters: Vec<Value>,
    pub schemes: Vec<Value>,
    /// What usher did in the product, in order.
    pub effects: Vec<String>,
}

impl Shown {
    pub async fn of(app: &TestApp) -> Self {
        Self {
            runs: summary(app, "runs").await,
            letters: summary(app, "dead-letters").await,
            schemes: summary(app, "schemes").await,
            effects: app.ground.effects(),
        }
    }

    pub fn load() -> Self {
        serde_json::from_str(&text("shown.json")).expect("what was shown")
    }
}

/// What counts of each item of a list of the API.
pub async fn summary(face: &Face, list: &str) -> Vec<Value> {
    let fields = ["id", "state", "scheme", "version", "paused", "counts", "stage", "reason", "failed_again"];
    let items = face.list(list, &[]).await.into_iter();
    let short = |item: Value| {
        // The `reason` of a letter; that of a run is newer than the fixture.
        let fields = fields.iter().filter(|field| item.get(field).is_some() && (list, **field) != ("runs", "reason"));
        fields.map(|field| ((*field).to_owned(), item[*field].clone())).collect::<serde_json::Map<_, _>>()
    };
    items.map(|item| Value::Object(short(item))).collect()
}

fn text(file: &str) -> String {
    fs::read_to_string(Path::new(FOLDER).join(file)).expect("a file of the fixture")
}

/// The records of the version before, each stream's in order.
pub fn load() -> Vec<Kept> {
    text("records.jsonl").lines().map(|line| serde_json::from_str(line).expect("a record")).collect()
}

/// Cases of a `oneof` and values of an enum that no record of the story has.
pub fn left_out() -> Vec<String> {
    text("left-out.txt").lines().map(str::to_owned).collect()
}

/// Writes the files. The schema is that of now.
pub fn save(kept: &[Kept], shown: &Shown) {
    let lines: Vec<_> = kept.iter().map(|record| json!(record).to_string() + "\n").collect();
    let write = |file: &str, text: String| fs::write(Path::new(FOLDER).join(file), text).expect("written");
    write("records.jsonl", lines.concat());
    write("shown.json", serde_json::to_string_pretty(shown).expect("JSON") + "\n");
    write("records.proto", fs::read_to_string(super::schema::NOW).expect("the schema of now"));
}

/// Everything in the log in `folder`, which nobody has open.
pub async fn read(folder: &Path) -> Vec<Kept> {
    let log = EmbeddedLog::open(folder, Options::default()).expect("nobody has it open");
    let mut kept = Vec::new();
    for stream in Stream::ALL {
        kept.extend(all(&log, stream).await.iter().map(|stored| Kept::new(stream, stored)));
    }
    log.close().await;
    kept
}

/// Makes a log in `folder` of `kept`, at the time `at`. Places stay what they were, but where a record is left out.
pub async fn write_into(folder: &Path, kept: &[Kept], at: i64) {
    let clock = Arc::new(TestClock::default());
    clock.set(&Timestamp::from_millis(at).to_string());
    let log = EmbeddedLog::open(folder, Options { clock, ..Options::default() }).expect("a new log");
    for record in kept {
        let key = UserKey::parse(&record.key).expect("a key");
        let payload = record.message().into();
        let place = log.append(record.stream(), Record { key, payload }).await.expect("appended");
        assert_eq!(place.partition.0, record.partition, "the same key is always in the same partition");
    }
    log.close().await;
}

pub fn an_hour_after(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis + 3_600_000)
}
