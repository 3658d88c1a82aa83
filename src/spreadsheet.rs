//! Cells of CSV files. A spreadsheet takes a cell that begins with `=` for a formula, and names come from products: such
//! a cell gets an apostrophe before it.

/// Whether a spreadsheet may take `text` for a formula.
pub fn is_formula(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'])
}

/// `text` as a cell that is no formula.
pub fn cell(text: &str) -> String {
    if is_formula(text) { format!("'{text}") } else { text.to_owned() }
}

/// `text` without the apostrophe that [`cell`] put before it.
pub fn without_guard(text: &str) -> &str {
    text.strip_prefix('\'').filter(|rest| is_formula(rest)).unwrap_or(text)
}

/// The items of a list as one cell that is no formula, with `|` between them.
pub fn list<'t>(items: impl IntoIterator<Item = &'t str>) -> String {
    let items: Vec<_> = items.into_iter().map(|item| item.replace('|', "\\|")).collect();
    cell(&items.join("|"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula() {
        for text in ["=1+1", "+49", "-2", "@sum", "\t=x", "\r=x", "\n=x", "＝x", "＋x", "－x", "＠x"] {
            assert_eq!(cell(text), format!("'{text}"));
            assert_eq!(without_guard(&cell(text)), text);
        }
        for text in ["", "a=b", " =x", "'=x", "Zoë"] {
            assert_eq!(cell(text), text);
            assert!(text.starts_with('\'') || without_guard(text) == text);
        }
        assert_eq!(list(["=a|b", "c"]), "'=a\\|b|c");
        assert_eq!(list([]), "");
    }
}
