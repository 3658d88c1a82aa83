//! The clock of one process. A small library (`tests/chaos/clock.c`) stands between the process and the system's time of
//! day; nothing else on the machine sees it, and usher has nothing built in for it.

use std::{
    ffi::OsString,
    fs::{File, OpenOptions},
    os::unix::fs::FileExt,
    path::PathBuf,
    process::Command,
    sync::OnceLock,
};

pub struct ProcessClock {
    path: PathBuf,
    file: File,
}

impl ProcessClock {
    /// A clock that is right; the file at `path` says by how much it is wrong.
    pub fn new(path: PathBuf) -> Self {
        let file = OpenOptions::new().create(true).truncate(true).write(true).open(&path).expect("a file");
        let clock = Self { path, file };
        clock.set(0);
        clock
    }

    /// Has it be wrong by so many seconds from now on.
    pub fn set(&self, seconds: i64) {
        self.file.write_all_at(&seconds.to_ne_bytes(), 0).expect("written");
    }

    /// What the process has to be started with.
    pub fn environment(&self) -> [(&'static str, OsString); 2] {
        [("LD_PRELOAD", library().into()), ("USHER_TEST_CLOCK", self.path.clone().into())]
    }
}

/// The library, built once. The C compiler is the one that Kafka's client needs.
fn library() -> &'static PathBuf {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let library = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("clock-{}.so", std::process::id()));
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/chaos/clock.c");
        let built = Command::new("cc").args(["-O2", "-shared", "-fPIC", "-o"]).arg(&library).arg(source).status();
        assert!(built.expect("a C compiler").success(), "{source} can't be built");
        library
    })
}
