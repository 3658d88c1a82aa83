//! Disks that fail, that hang and that lose their power: what was acknowledged is there afterwards, and usher says what is the matter.
//!
//! A library that is loaded before libc (`bad_disk.c`) makes single calls of a process fail or hang, and keeps a journal of what is
//! written and synced. The C compiler is the one that usher is built with.

mod checkpoint;
mod copies;
mod failing;
mod hanging;
mod mute;
mod others;
mod power_cut;

use std::{
    env,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::LazyLock,
};

use tempfile::TempDir;
use usher::sandbox::Account;

use crate::support::{
    face::eventually,
    ground::{ACME, Ground},
    usher::Usher,
};

/// A scheme that puts each user who is created into a group.
const EVERYBODY: &str = "{ id: new, source: acme, trigger: on_create, test_mode: false, select: { everyone: true },
                           actions: [{ add_groups: [staff] }] }";

/// User `number`, who is there in Jira.
fn user(ground: &Ground, number: usize) -> Account {
    let user = Account::new(format!("KEY{number}"), format!("name-{number}"));
    ground.sandbox.put_user(ACME.product, user.clone());
    user
}

/// The library that a process is preloaded with, and its folder.
static LIBRARY: LazyLock<(TempDir, PathBuf)> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a folder");
    let library = folder.path().join("bad_disk.so");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/disk/bad_disk.c");
    let compiler = env::var_os("CC").unwrap_or_else(|| OsString::from("cc"));
    let mut compile = Command::new(compiler);
    compile.args(["-shared", "-fPIC", "-O1", "-o"]).arg(&library).arg(source).arg("-ldl");
    let compiled = compile.output().expect("the C compiler, which usher is built with too");
    assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
    (folder, library)
});

/// A disk of one process, that is good until a rule is set.
struct BadDisk {
    rule: PathBuf,
}

impl BadDisk {
    /// Keeps its rule in `folder`.
    fn new(folder: &Path) -> Self {
        Self { rule: folder.join("rule-of-the-disk") }
    }

    /// The variables of a process that has this disk.
    fn env(&self) -> [(&'static str, &str); 2] {
        let library = LIBRARY.1.to_str().expect("text");
        [("LD_PRELOAD", library), ("BAD_DISK_RULE", self.rule.to_str().expect("text"))]
    }

    /// usher on this disk.
    async fn usher(&self, ground: &Ground) -> Usher {
        Usher::replica_with(ground, "data", &self.env()).await
    }

    /// Sets what fails from now on: `eio sync records.sqlite-wal`.
    fn set(&self, rule: &str) {
        let aside = self.rule.with_extension("new");
        fs::write(&aside, rule).expect("written");
        fs::rename(aside, &self.rule).expect("renamed");
    }

    /// Nothing fails any more, and what hangs goes on.
    fn heal(&self) {
        fs::remove_file(&self.rule).expect("it was set");
        let _ = fs::remove_file(self.fired()); // it may not have been met
    }

    /// Waits until a call has met the rule.
    async fn is_met(&self) {
        eventually("a call meets the rule", async || self.fired().exists().then_some(())).await;
    }

    fn fired(&self) -> PathBuf {
        let mut path = self.rule.clone().into_os_string();
        path.push(".fired");
        path.into()
    }
}
