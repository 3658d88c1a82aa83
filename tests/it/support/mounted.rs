//! Files as a kubelet mounts them: links through `..data`, which is turned to another folder when one of them changes.

use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

/// A folder of mounted files.
pub struct Mounted {
    folder: PathBuf,
    turn: usize,
}

impl Mounted {
    /// Mounts `files`, each a name and a text, at `folder`.
    pub fn at(folder: &Path, files: &[(&str, &str)]) -> Self {
        fs::create_dir_all(folder).expect("a folder");
        let mut mounted = Self { folder: folder.to_owned(), turn: 0 };
        mounted.change(files);
        for (name, _) in files {
            symlink(Path::new("..data").join(name), folder.join(name)).expect("a link");
        }
        mounted
    }

    /// Replaces all files at once.
    pub fn change(&mut self, files: &[(&str, &str)]) {
        let before = self.folder.join(format!("..{}", self.turn));
        self.turn += 1;
        let name = format!("..{}", self.turn);
        fs::create_dir(self.folder.join(&name)).expect("a folder");
        for (file, text) in files {
            fs::write(self.folder.join(&name).join(file), text).expect("written");
        }
        symlink(&name, self.folder.join("..data_tmp")).expect("a link");
        fs::rename(self.folder.join("..data_tmp"), self.folder.join("..data")).expect("renamed");
        let _ = fs::remove_dir_all(before); // the first time there is none
    }
}
