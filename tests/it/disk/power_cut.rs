//! A power cut at any moment: of what was written and not synced anything may be lost, and nothing else.
//!
//! A process appends to a log and keeps a journal of its writes and syncs. It is killed, and a second one goes on. Then the disk is made as a
//! power cut would have left it at some moment: what was synced is there, of the rest nothing, some or all. The log is opened on it.

use std::{
    collections::BTreeMap,
    env, fs,
    io::{self, BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use futures::future;
use rand::{RngExt, SeedableRng, rngs::StdRng};
use usher::log::{
    Log, Partition, Record, Stream,
    embedded::{EmbeddedLog, Options},
};

use super::LIBRARY;
use crate::log_suite::{all, key, within};

/// Set for the process that appends: where its log is. The journal is beside it.
const VICTIM: &str = "USHER_TEST_CUT_WITH_LOG_IN";
/// Begins each line in which it tells what it knows.
const TOLD: &str = "told ";
/// So many appenders, and so many records of each until the process is killed.
const APPENDERS: usize = 8;
const RECORDS: usize = 40;
/// So many moments.
const CUTS: usize = 60;
/// A disk writes a sector as a whole.
const SECTOR: usize = 512;

/// What the victim knows when its journal has that length.
#[derive(Debug)]
struct Told {
    journal: u64,
    partition: Partition,
    what: What,
}

#[derive(Debug)]
enum What {
    /// A record was acknowledged at that offset.
    Acknowledged { offset: u64, appender: usize, number: usize },
    /// The log, as it was opened, ends there.
    Ends(u64),
}

/// A record that is recognised, of up to 30 kB.
fn payload(appender: usize, number: usize) -> Bytes {
    let text = format!("{appender}-{number};");
    let mut bytes = text.repeat(1 + (appender * 7_919 + number * 104_729) % 4_000);
    bytes.push('.');
    bytes.into()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_survives_a_power_cut_at_any_moment() {
    if let Some(dir) = env::var_os(VICTIM) {
        return append(Path::new(&dir)).await;
    }
    let seed = rand::random();
    eprintln!("seed {seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let folder = tempfile::tempdir().expect("a folder");
    let dir = folder.path().canonicalize().expect("a path").join("log");
    fs::create_dir(&dir).expect("made");
    let mut told = appended(&dir, APPENDERS * RECORDS);
    // This one finds commits that may be in memory only, and removes old records.
    told.extend(appended(&dir, APPENDERS * RECORDS));
    let bytes = fs::read(journal_of(&dir)).expect("a journal");
    let journal = records_in(&bytes);
    assert!(journal.iter().any(|record| record.name == "records.sqlite" && record.at > 1 << 20), "no checkpoint");
    for round in 0..CUTS {
        // Half of them right after something became known.
        let count = if round % 2 == 0 {
            let moment = told[random.random_range(0..told.len())].journal;
            journal.partition_point(|record| record.end <= moment)
        } else {
            random.random_range(1..=journal.len())
        };
        let kept = [Kept::Nothing, Kept::Some, Kept::All][random.random_range(0..3)];
        let image = folder.path().join(format!("image-{round}"));
        cut(&journal[..count], kept, &mut random, &image);
        let context = format!("seed {seed}, round {round}: {count} of {} calls, kept {kept:?}", journal.len());
        check(&image, journal[count - 1].end, &told, &context).await;
        fs::remove_dir_all(&image).expect("removed");
    }
}

/// Checks that the log in `image` has all that was known when the journal had the length `moment`.
async fn check(image: &Path, moment: u64, told: &[Told], context: &str) {
    let opened = EmbeddedLog::open(image, Options::default());
    assert!(opened.is_ok(), "{context}: {:?}", opened.err());
    let log = opened.expect("just seen");
    let mut ends = BTreeMap::new();
    let mut found = BTreeMap::new();
    for stream in [Stream::Events, Stream::DeadLetters] {
        for partition in (0..log.partitions()).map(Partition) {
            ends.insert((stream.as_str(), partition), within(log.bounds(stream, partition)).await.expect("bounds"));
        }
        let mut next: BTreeMap<Partition, u64> = BTreeMap::new();
        for stored in all(&log, stream).await {
            let place = stored.position;
            let expected = next.insert(place.partition, place.offset + 1);
            assert!(expected.is_none_or(|expected| expected == place.offset), "{context}: a hole at {place:?}");
            if stream == Stream::Events {
                found.insert((place.partition, place.offset), stored.payload);
            }
        }
    }
    for Told { partition, what, .. } in told.iter().filter(|told| told.journal <= moment) {
        match *what {
            What::Acknowledged { offset, appender, number } => {
                let record = found.get(&(*partition, offset));
                assert!(record == Some(&payload(appender, number)), "{context}: {what:?} in {partition} is not there");
            }
            What::Ends(end) => {
                let bounds = &ends[&(Stream::Events.as_str(), *partition)];
                assert!(bounds.end >= end, "{context}: what was read is gone: {bounds:?}, not {end}");
            }
        }
    }
    log.append(Stream::Events, Record { key: key(1), payload: "next".into() }).await.expect("it works on");
    log.close().await;
}

/// What is left of what was not synced.
#[derive(Debug, Clone, Copy)]
enum Kept {
    Nothing,
    Some,
    All,
}

/// One call in the journal.
struct Call<'a> {
    kind: u8,
    name: &'a str,
    at: u64,
    data: &'a [u8],
    /// The length of the journal with it.
    end: u64,
}

fn records_in(journal: &[u8]) -> Vec<Call<'_>> {
    let number = |bytes: &[u8]| u64::from_ne_bytes(bytes.try_into().expect("eight bytes"));
    let (mut records, mut at) = (Vec::new(), 0);
    while let Some(head) = journal.get(at..at + 21) {
        let name = u32::from_ne_bytes(head[1..5].try_into().expect("four bytes")) as usize;
        let length = usize::try_from(number(&head[13..21])).expect("a length");
        let Some(rest) = journal.get(at + 21..at + 21 + name + length) else { break }; // it was killed while it wrote this
        let (name, data) = rest.split_at(name);
        at += 21 + rest.len();
        let name = std::str::from_utf8(name).expect("text");
        records.push(Call { kind: head[0], name, at: number(&head[5..13]), data, end: at as u64 });
    }
    records
}

/// A file: what is on the disk, and the changes since it was synced.
#[derive(Default)]
struct OnDisk<'a> {
    synced: Vec<u8>,
    since: Vec<&'a Call<'a>>,
}

impl<'a> OnDisk<'a> {
    fn sync(&mut self) {
        for call in std::mem::take(&mut self.since) {
            self.apply(call, &mut |_| true);
        }
    }

    /// Applies a change, of each sector if `is_kept`.
    fn apply(&mut self, call: &'a Call<'a>, is_kept: &mut impl FnMut(usize) -> bool) {
        let at = usize::try_from(call.at).expect("a length");
        if call.kind == b'T' {
            if is_kept(0) {
                self.synced.resize(at, 0);
            }
            return;
        }
        let end = at + call.data.len();
        let mut from = at;
        while from < end {
            let to = ((from / SECTOR + 1) * SECTOR).min(end);
            if is_kept(from) {
                self.synced.resize(self.synced.len().max(to), 0);
                self.synced[from..to].copy_from_slice(&call.data[from - at..to - at]);
            }
            from = to;
        }
    }
}

/// Makes the folder `image` as it is when the power is cut after `calls`.
fn cut(calls: &[Call<'_>], kept: Kept, random: &mut StdRng, image: &Path) {
    let mut files: BTreeMap<&str, OnDisk<'_>> = BTreeMap::new();
    for call in calls {
        match call.kind {
            b'S' => files.entry(call.name).or_default().sync(),
            b'R' => {
                let file = files.remove(call.name).unwrap_or_default();
                files.insert(std::str::from_utf8(call.data).expect("text"), file);
            }
            b'U' => drop(files.remove(call.name)),
            _ => files.entry(call.name).or_default().since.push(call),
        }
    }
    fs::create_dir(image).expect("made");
    for (name, mut file) in files {
        for call in std::mem::take(&mut file.since) {
            file.apply(call, &mut |_| match kept {
                Kept::Nothing => false,
                Kept::Some => random.random_bool(0.5),
                Kept::All => true,
            });
        }
        fs::write(image.join(name), file.synced).expect("written");
    }
}

fn journal_of(dir: &Path) -> PathBuf {
    dir.with_extension("journal")
}

/// Starts a victim on the log in `dir`, kills it when it has told so much, and gives that.
fn appended(dir: &Path, count: usize) -> Vec<Told> {
    let child = Command::new(env::current_exe().expect("this test"))
        .args(["--exact", "--nocapture", "disk::power_cut::what_was_acknowledged_survives_a_power_cut_at_any_moment"])
        .env(VICTIM, dir)
        .env("LD_PRELOAD", &LIBRARY.1)
        .env("BAD_DISK_FOLDER", dir)
        .env("BAD_DISK_JOURNAL", journal_of(dir))
        .stdout(Stdio::piped())
        .spawn();
    let mut victim = Victim(child.expect("started"));
    let stdout = victim.0.stdout.take().expect("it is piped");
    let mut told = Vec::new();
    for line in BufReader::new(stdout).lines() {
        let line = line.expect("a line");
        let Some(words) = line.strip_prefix(TOLD) else { continue };
        let words: Vec<_> = words.split(' ').collect();
        let number = |nth: usize| words[nth].parse::<u64>().expect("a number");
        let count_of = |nth: usize| usize::try_from(number(nth)).expect("a count");
        let what = match (words[0], words.last()) {
            (_, last) if last != Some(&"end") => break, // it was killed while it wrote this
            ("ends", _) => What::Ends(number(3)),
            _ => What::Acknowledged { offset: number(3), appender: count_of(4), number: count_of(5) },
        };
        let partition = Partition(words[2].parse().expect("a partition"));
        told.push(Told { journal: number(1), partition, what });
        if told.len() == count {
            victim.0.kill().expect("killed");
        }
    }
    assert!(told.len() >= count, "it died too early");
    told
}

struct Victim(Child);

impl Drop for Victim {
    fn drop(&mut self) {
        let _ = self.0.kill(); // it may be dead
        self.0.wait().expect("it has ended");
    }
}

/// Appends until it is killed. Events are kept for a planner that has not come; dead letters are old at once.
async fn append(dir: &Path) {
    let groups = vec![(Stream::Events, "usher.planner.acme".to_owned())];
    let options = Options { retention: Duration::ZERO, groups, ..Options::default() };
    let log = Arc::new(EmbeddedLog::open(dir, options).expect("it opens"));
    let journal = journal_of(dir);
    let written = move || fs::metadata(&journal).expect("a journal").len();
    for partition in (0..log.partitions()).map(Partition) {
        let end = log.bounds(Stream::Events, partition).await.expect("bounds").end;
        writeln!(io::stdout(), "{TOLD}ends {} {partition} {end} end", written()).expect("it is read");
    }
    let appenders = (0..APPENDERS).map(|appender| {
        let (log, written) = (Arc::clone(&log), written.clone());
        tokio::spawn(async move {
            for number in 0..10 * RECORDS {
                let record = Record { key: key(appender), payload: payload(appender, number) };
                let position = log.append(Stream::Events, record).await.expect("appended");
                let (partition, offset) = (position.partition, position.offset);
                let line = format!("{TOLD}is {} {partition} {offset} {appender} {number} end", written());
                writeln!(io::stdout(), "{line}").expect("it is read");
                let record = Record { key: key(appender), payload: "old at once".into() };
                log.append(Stream::DeadLetters, record).await.expect("appended");
            }
        })
    });
    future::try_join_all(appenders).await.expect("no panic");
    std::process::abort();
}
