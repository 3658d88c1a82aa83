//! `usher schema`: the JSON Schema of the configuration file.

use std::{
    io::{self, ErrorKind, Write, stdout},
    process::ExitCode,
};

use super::{FAILED, complain};
use crate::config;

/// Prints it.
pub fn run() -> ExitCode {
    match print(&mut stdout()) {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever reads along has seen enough.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => complain(&format_args!("the output can't be written: {}", crate::words::system(&error)), FAILED),
    }
}

fn print(out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "{:#}", config::json_schema())?;
    out.flush()
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::*;

    #[test]
    fn what_is_printed_is_the_file_in_the_docs() {
        let mut printed = Vec::new();
        print(&mut printed).expect("written");
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/schema/usher.schema.json");
        let kept = fs::read(file).expect("a file");
        assert!(printed == kept, "run `UPDATE_DOCS=1 cargo test --lib config::tests::schema`");
    }
}
