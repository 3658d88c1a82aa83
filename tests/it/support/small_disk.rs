//! A disk of its own, small enough to be filled.

use std::{
    env,
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
};

use rustix::fs::{FallocateFlags, fallocate, statvfs};

/// A file system in memory; with `USHER_TEST_DISK=ext4` one in a file, with a journal and delayed allocation. Dropped, it is gone; where the test failed, what was on it is beside it then, as `NAME.kept`.
pub struct SmallDisk {
    at: PathBuf,
}

impl SmallDisk {
    /// Mounts one of so many MiB at `at`. Fails the test where that is not permitted: there is no other way to fill a disk.
    pub fn mount(at: &Path, mib: u64) -> Self {
        fs::create_dir_all(at).expect("a folder");
        let mut mount = Command::new("mount");
        match env::var("USHER_TEST_DISK").as_deref() {
            Ok("ext4") => mount.args(["-o", "loop"]).arg(ext4(&at.with_extension("img"), mib)).arg(at),
            _ => mount.args(["-t", "tmpfs", "-o", &format!("size={mib}m,mode=0700"), "usher-test"]).arg(at),
        };
        let mounted = mount.output().expect("the command `mount`");
        let why = String::from_utf8_lossy(&mounted.stderr);
        assert!(
            mounted.status.success(),
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

/// Makes a file system in `image`, without room that only root may use.
fn ext4(image: &Path, mib: u64) -> PathBuf {
    File::create(image).and_then(|file| file.set_len(mib * 1024 * 1024)).expect("a file");
    let made = Command::new("mkfs.ext4").args(["-q", "-m", "0"]).arg(image).status();
    assert!(made.is_ok_and(|made| made.success()), "the command `mkfs.ext4`");
    image.to_owned()
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
