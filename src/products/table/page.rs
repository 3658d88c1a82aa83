//! `docs/products.md`, made from the table.

use std::{env, fmt::Write, fs, path::Path};

use super::{Ability, Can, Row, rows};

const HEAD: &str = "<!-- Made by `UPDATE_DOCS=1 cargo test --lib products::table`; a test fails where it differs. -->

# What each product can do

The same as `usher products` and `GET /api/v1/products` say. A scheme that asks for what its product can't do is refused when it
is saved; what the product does in part is warned about.
";

/// A part of the page: its heading, what it is about, and where its abilities are.
struct Part {
    heading: &'static str,
    about: &'static str,
    abilities: fn(&Row) -> Vec<Ability>,
}

const PARTS: [Part; 5] = [
    Part {
        heading: "Actions",
        about: "What the `actions` of a scheme may ask for.",
        abilities: |row| row.actions.clone(),
    },
    Part {
        heading: "Facts",
        about: "The properties that a product gives when a user is read. A condition on an unknown property never selects anybody.",
        abilities: |row| row.tells.clone(),
    },
    Part {
        heading: "All users",
        about: "Schedules and runs by hand go through all users of a source.",
        abilities: |row| vec![row.lists_users],
    },
    Part {
        heading: "Webhooks",
        about: "The events that a product reports by itself. Any kind of source takes them from a listener of your own too.",
        abilities: |row| row.webhooks.events.clone(),
    },
    Part {
        heading: "Feeds",
        about: "Logins that usher asks for by itself, with a source's `feed`: it follows the audit log.",
        abilities: |row| vec![row.feeds_logins],
    },
];

/// The page.
fn page(rows: &[Row]) -> String {
    let mut page = HEAD.to_owned();
    for part in PARTS {
        let Part { heading, about, .. } = part;
        write!(page, "\n## {heading}\n\n{about}\n\n").expect("text takes text");
        page.push_str(&matrix(&part, rows));
        page.push_str(&words(&part, rows));
    }
    page.push_str("\nA delivery of the product is proved by:\n\n");
    for row in rows {
        let proofs: Vec<String> =
            row.webhooks.proofs.iter().map(|proof| format!("`webhook: {{ {proof}: ... }}`")).collect();
        let proofs = if proofs.is_empty() { "it sends none about users".to_owned() } else { proofs.join(", ") };
        writeln!(page, "* `{}`: {proofs}", row.product).expect("text takes text");
    }
    page
}

/// One line a thing, one column a product.
fn matrix(part: &Part, rows: &[Row]) -> String {
    let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let mut table = line(std::iter::once(String::new()).chain(rows.iter().map(|row| row.name.to_owned())).collect());
    table.push_str(&format!("|{}\n", "---|".repeat(rows.len() + 1)));
    let columns: Vec<Vec<Ability>> = rows.iter().map(part.abilities).collect();
    for (at, ability) in columns.first().into_iter().flatten().enumerate() {
        let cells = columns.iter().map(|column| column[at].can.as_str().to_owned());
        table.push_str(&line(std::iter::once(format!("`{}`", ability.what)).chain(cells).collect()));
    }
    table
}

/// The words behind each "partly" and "no", by product.
fn words(part: &Part, rows: &[Row]) -> String {
    let mut text = String::new();
    for row in rows {
        let said: Vec<Ability> = (part.abilities)(row).into_iter().filter(|one| one.can != Can::Yes).collect();
        if !said.is_empty() {
            write!(text, "\n{}:\n\n", row.name).expect("text takes text");
        }
        for Ability { what, can, why } in said {
            writeln!(text, "* `{what}` ({}): {}", can.as_str(), why.unwrap_or_default()).expect("text takes text");
        }
    }
    text
}

#[test]
fn the_page_in_the_docs_says_what_the_table_says() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/products.md");
    let page = page(&rows());
    if env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&file, &page).expect("docs can be written");
    }
    let kept = fs::read_to_string(&file).unwrap_or_default();
    assert_eq!(kept, page, "run `UPDATE_DOCS=1 cargo test --lib products::table`");
}

#[test]
fn whatever_is_not_possible_is_said_with_a_reason() {
    for row in rows() {
        for (area, ability) in row.abilities() {
            let reason = ability.why.is_some_and(|why| !why.is_empty());
            assert_eq!(reason, ability.can != Can::Yes, "{} {area} {}", row.product, ability.what);
        }
    }
}
