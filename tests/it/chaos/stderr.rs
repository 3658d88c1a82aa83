//! The standard error of a process: a small pipe that is copied to a file, or for a while is not.

use std::{
    fs::File,
    io::{PipeWriter, Read, Write},
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use rustix::pipe::fcntl_setpipe_size;

/// What fits into the pipe while nobody reads: one page, so that a stall is felt at once.
const PIPE: usize = 4096;

/// Whether what a process logs is read.
#[derive(Default)]
pub struct Reader {
    stalled: Arc<AtomicBool>,
}

impl Reader {
    pub fn stall(&self, stalled: bool) {
        self.stalled.store(stalled, Ordering::Relaxed);
    }

    /// The writing end of a new pipe; what comes out of it goes to `file`.
    pub fn pipe(&self, file: PathBuf) -> PipeWriter {
        let (mut reader, writer) = std::io::pipe().expect("a pipe");
        fcntl_setpipe_size(&reader, PIPE).expect("a small pipe");
        let mut file = File::create(file).expect("a file for the log");
        let stalled = Arc::clone(&self.stalled);
        thread::spawn(move || {
            let mut piece = [0; PIPE];
            loop {
                while stalled.load(Ordering::Relaxed) {
                    thread::sleep(Duration::from_millis(20));
                }
                match reader.read(&mut piece) {
                    Ok(0) | Err(_) => return,
                    Ok(read) => file.write_all(&piece[..read]).expect("written"),
                }
            }
        });
        writer
    }
}
