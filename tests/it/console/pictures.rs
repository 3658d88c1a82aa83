//! The pictures of docs/console.md, taken of the demo after some more has happened there. `make screenshots` keeps them.

use std::{
    collections::BTreeSet,
    env, fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Stdio},
};

use super::browser::play;
use crate::support::usher::command;

/// A picture that is smaller shows nothing, and one that is larger makes the page that shows it slow.
const BYTES: std::ops::Range<u64> = 10_000..250_000;
/// All of them.
const MOST_BYTES: u64 = 1_500_000;

/// `usher demo` after its story. Dropped, it is killed.
struct Demo {
    child: Child,
    /// Held open, as the demo writes to it.
    _says: BufReader<ChildStdout>,
    console: String,
    token: String,
    sandbox: String,
    _folder: tempfile::TempDir,
}

impl Demo {
    /// Starts it, and waits for the end of the story.
    fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut command = command();
        command.arg("demo").env("TMPDIR", folder.path()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().expect("started");
        let mut says = BufReader::new(child.stdout.take().expect("it is piped"));
        let (mut told, mut line) = (Vec::new(), String::new());
        let after = |line: &str, words: &str| {
            let rest = line.split(words).nth(1)?.split_whitespace().next()?;
            Some(rest.trim_end_matches(':').to_owned())
        };
        while told.len() < 3 {
            line.clear();
            assert!(says.read_line(&mut line).expect("text") > 0, "the demo ended before it told where it is");
            assert!(!line.contains("NOT AS TOLD"), "{line}");
            told.extend(
                ["Open ", "with the token ", "Atlassian is at "].iter().filter_map(|words| after(&line, words)),
            );
        }
        let [console, token, sandbox] = <[String; 3]>::try_from(told).expect("three");
        Self { child, _says: says, console, token, sandbox, _folder: folder }
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.child.kill(); // it may have ended
        let _ = self.child.wait();
    }
}

/// The names of the pictures that a page of the documentation shows.
fn shown_in(page: &str) -> BTreeSet<String> {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(page)).expect("a page");
    let addresses = text.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(address, _)| address);
    let names = addresses.filter_map(|address| address.split_once("pictures/")).map(|(_, name)| name.to_owned());
    names.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pictures_of_the_documentation_can_be_taken_of_the_console_as_it_is() {
    let scratch = tempfile::tempdir().expect("a folder");
    let kept = env::var_os("USHER_TEST_PICTURES").map(PathBuf::from);
    let folder = kept.unwrap_or_else(|| scratch.path().to_owned());
    fs::create_dir_all(&folder).expect("a folder");
    let demo = tokio::task::spawn_blocking(Demo::start).await.expect("it tells");
    let path = folder.to_str().expect("text").to_owned();
    play("pictures", vec![demo.console.clone(), demo.token.clone(), demo.sandbox.clone(), path]).await;
    let files = fs::read_dir(&folder).expect("a folder").map(|file| file.expect("a file"));
    let taken: BTreeSet<_> = files.map(|file| file.file_name().to_string_lossy().into_owned()).collect();
    assert_eq!(taken, shown_in("docs/console.md"));
    assert!(shown_in("README.md").is_subset(&taken));
    let bytes = |name: &String| fs::metadata(folder.join(name)).expect("a file").len();
    for name in &taken {
        assert!(BYTES.contains(&bytes(name)), "{name} has {} bytes", bytes(name));
    }
    assert!(taken.iter().map(bytes).sum::<u64>() <= MOST_BYTES, "all of them are too large");
}
