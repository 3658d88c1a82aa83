//! A disk that answers nothing, as one of the network whose server is gone.

use std::{
    fs::File,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// A file system in user space over a folder, whose server reads no request: each call on a path in it hangs. Dropped, it is gone, and what
/// hangs gets an error. Files that were open before are not on it.
pub struct Mute {
    at: PathBuf,
    server: Option<File>,
}

impl Mute {
    /// Mounts one over the folder `at`. Fails the test where that is not permitted.
    pub fn mount(at: &Path) -> Self {
        let server =
            File::options().read(true).write(true).open("/dev/fuse").expect("this test needs /dev/fuse and root");
        let mut mount = Command::new("mount");
        // The server is the standard input of `mount`, so that it has a number there.
        mount.args(["-i", "-n", "-t", "fuse", "-o", "fd=0,rootmode=40000,user_id=0,group_id=0", "usher-test"]).arg(at);
        let mounted =
            mount.stdin(Stdio::from(server.try_clone().expect("a file"))).output().expect("the command `mount`");
        let why = String::from_utf8_lossy(&mounted.stderr);
        assert!(mounted.status.success(), "this test needs root or CAP_SYS_ADMIN to mount: {why}");
        Self { at: at.to_owned(), server: Some(server) }
    }
}

impl Drop for Mute {
    fn drop(&mut self) {
        drop(self.server.take()); // ends what hangs, also `umount`
        let unmounted = Command::new("umount").arg("--lazy").arg(&self.at).status();
        assert!(std::thread::panicking() || unmounted.is_ok_and(|status| status.success()), "it can't be unmounted");
    }
}
