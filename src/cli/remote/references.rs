//! Warnings on stderr about names that the product does not have.

use serde_json::Value;

use super::{Error, output::Output};

/// Says which names of `of`, a source or a scheme, are not in the product, each on a line.
///
/// # Errors
/// [`Error::Output`] if stderr can't be written.
pub fn unresolved(output: &mut Output<'_>, of: &Value) -> Result<(), Error> {
    let id = of["id"].as_str().unwrap_or_default();
    let unresolved = of["references"]["unresolved"].as_array().into_iter().flatten();
    unresolved.into_iter().try_for_each(|one| {
        let text = |field: &str| one[field].as_str().unwrap_or_default();
        let of = one["scheme"]
            .as_str()
            .filter(|scheme| *scheme != id)
            .map_or_else(String::new, |scheme| format!("{scheme}: "));
        let meant = one["suggestion"].as_str().map_or_else(String::new, |meant| format!("; did you mean `{meant}`?"));
        let holds = match one["holds"].as_bool() {
            Some(true) => "; what takes something away is held until it is mended",
            _ => "",
        };
        let (at, name, why) = (text("where"), text("name"), text("why"));
        output.note(&format!("{id}: {of}`{name}` in `{at}`: {why}{meant}{holds}"))
    })
}
