//! Lists of usher, written while they are read.

use serde_json::Value;

use super::{
    Api, Error, Format,
    output::{Column, Listing, Output},
    progress,
};

/// The number of wanted items.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// All.
    All,
    /// The first items.
    First(usize),
}

impl Limit {
    /// The limit that is asked for; else `few` in a table, and all in the formats that programs read.
    pub fn or(asked: Option<Self>, few: usize, format: Format) -> Self {
        match (asked, format) {
            (Some(asked), _) => asked,
            (None, Format::Table) => Self::First(few),
            (None, Format::Json | Format::Yaml | Format::Csv) => Self::All,
        }
    }

    /// The limit as a number; none: all.
    pub fn number(self) -> Option<usize> {
        match self {
            Self::All => None,
            Self::First(number) => Some(number),
        }
    }
}

/// A number of items or `all`.
///
/// # Errors
/// A text for people if it is neither a number from 1 up nor `all`.
pub fn limit(text: &str) -> Result<Limit, String> {
    match text.parse() {
        _ if text == "all" => Ok(Limit::All),
        Ok(number @ 1..) => Ok(Limit::First(number)),
        Ok(0) | Err(_) => Err("write a number from 1 up, or `all`".to_owned()),
    }
}

/// Prints a list page by page, each item as `dress` makes it. A line on stderr says if the list is not complete.
/// Returns the number of items.
///
/// # Errors
/// Those of [`Api::get`]; [`Error::Output`] if the output can't be written.
pub async fn show(
    api: &Api,
    output: &mut Output<'_>,
    (path, query): (&[&str], &[(&str, &str)]),
    columns: &[Column],
    limit: Limit,
    dress: fn(&mut Value),
) -> Result<usize, Error> {
    let mut pages = api.pages(path, query, limit.number());
    let is_for_people = output.format == Format::Table;
    let mut listing = Listing::begin(output, columns)?;
    while let Some(mut page) = pages.next().await? {
        if is_for_people {
            page.iter_mut().for_each(progress::with_completeness);
        }
        page.iter_mut().for_each(dress);
        listing.page(&page)?;
    }
    let shown = listing.written();
    listing.end(pages.rest())?;
    if pages.rest().is_some() {
        cut(output, shown)?;
    }
    Ok(shown)
}

/// Says that there is more than is shown.
///
/// # Errors
/// [`Error::Output`] if stderr can't be written.
pub fn cut(output: &mut Output<'_>, shown: usize) -> Result<(), Error> {
    output.note(&format!("only the first {shown} are shown and there are more: write --limit all"))
}
