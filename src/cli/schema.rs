//! `usher schema`: the JSON Schema of the configuration file.

use std::process::ExitCode;

use super::print;
use crate::config;

/// Prints it.
pub fn run() -> ExitCode {
    print(text().as_bytes())
}

fn text() -> String {
    format!("{:#}\n", config::json_schema())
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::*;

    #[test]
    fn what_is_printed_is_the_file_in_the_docs() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/schema/usher.schema.json");
        let kept = fs::read(file).expect("a file");
        assert!(text().as_bytes() == kept, "run `UPDATE_DOCS=1 cargo test --lib config::tests::schema`");
    }
}
