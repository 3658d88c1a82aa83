//! Whether the previous process with this instance id is known to have ended.
//!
//! A process locks its data folder, and writes into it which instance used it last, on which boot of which machine. If
//! all of these are equal, the previous process is gone, because this one has the lock. The lock of another machine
//! proves nothing.

use std::{
    fs::{self, File},
    io::Write,
    path::Path,
};

use tracing::debug;

use crate::{
    config::KafkaConfig,
    log::kafka::{Predecessor, instance_id},
};

const FILE: &str = "instance";
const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";

/// The state of the predecessor of this process, which holds the lock of `data_dir`. It also writes the data for the
/// next process.
pub(in crate::app) fn of(data_dir: &Path, kafka: &KafkaConfig) -> Predecessor {
    let boot = fs::read_to_string(BOOT_ID).unwrap_or_default();
    let Some(id) = instance_id(kafka).filter(|_| !boot.trim().is_empty()) else { return Predecessor::Unknown };
    let this = format!("{}\n{id}\n{}\n{}\n", boot.trim(), kafka.topic_prefix, kafka.brokers.join(","));
    let path = data_dir.join(FILE);
    if fs::read_to_string(&path).is_ok_and(|last| last == this) {
        return Predecessor::Gone;
    }
    if let Err(error) = keep(&path, &this) {
        // The next process waits some seconds more, then.
        debug!(error = crate::words::system(&error), "the instance id can't be kept");
    }
    Predecessor::Unknown
}

fn keep(path: &Path, text: &str) -> std::io::Result<()> {
    let aside = path.with_extension("new");
    let mut file = File::create(&aside)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(aside, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_predecessor_is_gone_where_it_had_this_folder_and_this_id() {
        let dir = tempfile::tempdir().expect("a folder");
        let named = |id: &str| KafkaConfig { instance_id: Some(id.into()), ..KafkaConfig::default() };
        assert_eq!(of(dir.path(), &named("usher-0")), Predecessor::Unknown);
        assert_eq!(of(dir.path(), &named("usher-0")), Predecessor::Gone);
        assert_eq!(of(dir.path(), &named("usher-1")), Predecessor::Unknown, "another one's folder");
        assert_eq!(of(dir.path(), &named("usher-0")), Predecessor::Unknown, "another one had it meanwhile");
        assert_eq!(of(dir.path(), &KafkaConfig::default()), Predecessor::Unknown);
        fs::write(dir.path().join(FILE), "of another boot\nusher-0\n").expect("written");
        assert_eq!(of(dir.path(), &named("usher-0")), Predecessor::Unknown);
    }
}
