//! A disk of its own, small enough to be filled.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
};

use rustix::fs::{FallocateFlags, fallocate, statvfs};

/// A file system in memory. Dropped, it is gone; where the test failed, what was on it is beside it then, as `NAME.kept`.
pub struct SmallDisk {
    at: PathBuf,
}

impl SmallDisk {
    /// Mounts one of so many MiB at `at`. Fails the test where that is not permitted: there is no other way to fill a disk.
    pub fn mount(at: &Path, mib: u64) -> Self {
        fs::create_dir_all(at).expect("a folder");
        let options = format!("size={mib}m,mode=0700");
        let mount = Command::new("mount").args(["-t", "tmpfs", "-o", &options, "usher-test"]).arg(at).output();
        let mount = mount.expect("the command `mount`");
        let why = String::from_utf8_lossy(&mount.stderr);
        assert!(
            mount.status.success(),
            "this test needs a small disk, and so root or CAP_SYS_ADMIN to mount one: {why}"
        );
        Self { at: at.to_owned() }
    }

    /// The bytes that are free.
    pub fn free(&self) -> u64 {
        let disk = statvfs(&self.at).expect("it is mounted");
        disk.f_bavail * disk.f_frsize
    }

    /// Fills it to the last byte, whatever others write meanwhile.
    pub fn fill(&self) -> Filled {
        let path = self.at.join("filled");
        let file = File::create(&path).expect("a file");
        let (mut offset, mut chunk) = (0, self.free());
        while chunk > 0 {
            match fallocate(&file, FallocateFlags::empty(), offset, chunk) {
                Ok(()) => offset += chunk,
                Err(_) => chunk /= 2,
            }
        }
        Filled { path }
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let kept = self.at.with_extension("kept");
            let _ = Command::new("cp").arg("-a").args([&self.at, &kept]).status(); // what fits
        }
        let unmounted = Command::new("umount").arg("--lazy").arg(&self.at).status();
        assert!(std::thread::panicking() || unmounted.is_ok_and(|status| status.success()), "it can't be unmounted");
    }
}

/// What fills a disk. Dropped, there is room again.
pub struct Filled {
    path: PathBuf,
}

impl Drop for Filled {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path); // where the disk is gone it is too
    }
}
