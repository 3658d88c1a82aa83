//! Commands of administrators at a terminal: the real binary as a command, against an usher that runs.
//!
//! The files are side by side: each is about one command, or one habit of all commands.

mod api;
mod at_once;
mod attended;
mod cut_lists;
mod explain;
mod groups;
mod lists;
mod odd_servers;
mod odd_words;
mod options;
mod picks;
mod ping;
mod refusals;
mod runs;
mod scheme_versions;
mod schemes;
mod sources;

use std::{fs, path::Path, process::Stdio};

use chrono::DateTime;
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::AsyncWriteExt;
use usher::sandbox::Account;

use crate::support::{
    face::{Face, WAIT_TIMEOUT},
    ground::{ADMIN_TOKEN, BOTH, Ground},
    usher::command,
};

/// A folder at a terminal of somebody called Ann.
struct Terminal {
    folder: TempDir,
    url: String,
    token: Option<&'static str>,
}

/// What a command said, and how it ended.
#[derive(Debug, PartialEq, Eq)]
struct Said {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Terminal {
    /// With the address and token of a running usher.
    fn of(face: &Face) -> Self {
        Self::to(&format!("http://{}", face.admin))
    }

    fn to(url: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        Self { folder, url: url.to_owned(), token: Some(ADMIN_TOKEN) }
    }

    fn write(&self, file: &str, text: &str) {
        fs::write(self.path().join(file), text).expect("written");
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Runs `usher` with these words, none of which has a space in it. Nothing may be said that only a terminal
    /// understands: here there is none.
    async fn run(&self, words: &str) -> Said {
        self.run_in(words, "", &[]).await
    }

    /// As [`Terminal::run`], with this on standard input and these variables.
    async fn run_in(&self, words: &str, stdin: &str, env: &[(&str, &str)]) -> Said {
        let mut command = self.command(words);
        command.envs(env.iter().copied());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = tokio::process::Command::from(command).kill_on_drop(true).spawn().expect("started");
        let mut pipe = child.stdin.take().expect("it is piped");
        let _ = pipe.write_all(stdin.as_bytes()).await; // it may not read it
        drop(pipe);
        let ended = tokio::time::timeout(WAIT_TIMEOUT, child.wait_with_output()).await;
        assert!(ended.is_ok(), "`usher {words}` does not end");
        let ended = ended.expect("just seen").expect("started");
        let text = |bytes| String::from_utf8(bytes).expect("text");
        let said = Said { code: ended.status.code(), out: text(ended.stdout), err: text(ended.stderr) };
        let plain = |text: &str| text.replace("\r\n", "\n").chars().all(|c| c == '\n' || !c.is_control());
        assert!(plain(&said.out) && plain(&said.err), "`usher {words}`: {said:?}");
        said
    }

    /// `usher` with these words, against the running one.
    fn command(&self, words: &str) -> std::process::Command {
        let mut command = command();
        command.current_dir(self.path()).args(words.split_whitespace());
        command.env("USHER_URL", &self.url).env("USER", "ann");
        if let Some(token) = self.token {
            command.env("USHER_TOKEN", token);
        }
        command
    }

    /// What a command said that has done what it was asked and had nothing else to say.
    async fn says(&self, words: &str) -> String {
        let said = self.run(words).await;
        assert_eq!((said.code, said.err.as_str()), (Some(0), ""), "`usher {words}`: {}", said.out);
        said.out
    }

    /// As [`Terminal::says`], as JSON.
    async fn tells(&self, words: &str) -> Value {
        serde_json::from_str(&self.says(&format!("{words} --output json")).await).expect("JSON")
    }
}

impl Said {
    /// That nothing was a result, and how it ended with which complaints.
    #[track_caller]
    fn refused(&self) -> (Option<i32>, Vec<&str>) {
        assert_eq!(self.out, "", "{}", self.err);
        (self.code, self.err.lines().collect())
    }
}

/// `count` people of `acme.example` in both sites, and one of another domain.
fn people(ground: &Ground, count: usize) {
    for source in BOTH {
        for number in 1..=count {
            ground.sandbox.put_user(source.product, person(number, "acme.example"));
        }
        ground.sandbox.put_user(source.product, person(count + 1, "other.example"));
    }
}

fn person(number: usize, domain: &str) -> Account {
    Account::new(format!("KEY{number}"), format!("name-{number}")).email(format!("user-{number}@{domain}"))
}

/// With every point in time as `TIME`.
fn timeless(text: &str) -> String {
    let words = text.split_inclusive([' ', '\n']).map(|word| {
        let time = word.trim_end().trim_matches(['"', ',', '.']);
        if DateTime::parse_from_rfc3339(time).is_ok() { word.replace(time, "TIME") } else { word.to_owned() }
    });
    words.collect()
}
