use serde_json::json;

use super::*;

const FORMATS: [Format; 4] = [Format::Table, Format::Json, Format::Yaml, Format::Csv];

fn written(format: Format, write: impl FnOnce(&mut Output<'_>) -> Result<(), Error>) -> String {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    write(&mut Output { format, out: &mut out, err: &mut err }).expect("written");
    String::from_utf8(out).expect("text")
}

fn shown(format: Format, columns: &[Column], items: &[Value]) -> String {
    written(format, |output| output.list(columns, items))
}

#[test]
fn a_table_has_a_line_for_each_item_and_says_what_is_missing() {
    let items = [json!({"id": "a", "on": true, "counts": {"seen": 3, "failed": 0}}), json!({"id": "bb"})];
    let table = shown(Format::Table, &[("id", "/id"), ("on", "/on"), ("counts", "/counts")], &items);
    let lines: Vec<Vec<_>> = table.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(lines, [vec!["ID", "ON", "COUNTS"], vec!["a", "yes", "seen=3"], vec!["bb", "-", "-"]]);
}

#[test]
fn json_and_yaml_hold_everything() {
    let items = [json!({"id": "on", "more": [1, {"x": "0123"}]})];
    let read: Value = serde_json::from_str(&shown(Format::Json, &[], &items)).expect("JSON");
    assert_eq!(read, json!(items));
    let yaml = shown(Format::Yaml, &[], &items);
    assert!(yaml.contains("\"on\"") && yaml.contains("\"0123\""), "texts stay texts: {yaml}");
}

#[test]
fn a_list_without_items_is_one_in_every_format() {
    let columns = [("id", "/id"), ("test mode", "/on")];
    let empty = FORMATS.map(|format| shown(format, &columns, &[]));
    assert_eq!(empty, ["ID  TEST MODE\n", "[]\n", "[]\n", "id,test_mode\r\n"]);
}

#[test]
fn pages_make_the_same_list_as_one_in_which_all_is_at_hand() {
    let items: Vec<_> = (0..7).map(|n| json!({"id": format!("n{}", "x".repeat(n)), "of": {"a": [n]}})).collect();
    let columns = [("id", "/id"), ("of", "/of")];
    for format in [Format::Json, Format::Yaml, Format::Csv] {
        let by_pages = written(format, |output| {
            let mut listing = Listing::begin(output, &columns)?;
            items.chunks(3).try_for_each(|page| listing.page(page))?;
            listing.page(&[])?;
            listing.end(None)
        });
        assert_eq!(by_pages, shown(format, &columns, &items));
    }
}

#[test]
fn a_column_is_as_wide_on_the_second_page_as_on_the_first() {
    let rows = |id: &str| [json!({"id": id, "n": 1})];
    let table = written(Format::Table, |output| {
        let mut listing = Listing::begin(output, &[("id", "/id"), ("n", "/n")])?;
        for id in ["a-long-one", "b", "one-that-is-longer", "c"] {
            listing.page(&rows(id))?;
        }
        listing.end(None)
    });
    let places: Vec<_> = table.lines().map(|line| line.rfind(['N', '1']).expect("the column")).collect();
    assert_eq!(places, [12, 12, 12, 20, 20], "{table}");
}

#[test]
fn a_list_within_a_thing_is_part_of_it_and_says_where_the_rest_begins() {
    let whole = json!({"id": "r", "why": null});
    let text = |format, items: &[Value], next| {
        written(format, |output| {
            let mut listing = Listing::within(output, &[], &whole, "entries")?;
            listing.page(items)?;
            listing.end(next)
        })
    };
    let items = [json!({"a": 1}), json!({"a": "two"})];
    for (items, next) in [(&items[..], None), (&[], Some("c4"))] {
        let read: Value = serde_json::from_str(&text(Format::Json, items, next)).expect("JSON");
        assert_eq!(read, json!({"id": "r", "why": null, "entries": items, "next": next}));
    }
    assert_eq!(text(Format::Yaml, &items, None), "id: r\nwhy: null\nentries:\n- a: 1\n- a: two\nnext: null\n");
    assert_eq!(text(Format::Yaml, &[], Some("c4")), "id: r\nwhy: null\nentries: []\nnext: \"c4\"\n");
}

#[test]
fn nothing_that_a_product_calls_people_steers_a_terminal_in_any_format() {
    let name = "\u{1b}[2J\u{9b}31m\u{7f}\u{202e}\r\u{85}jane\n\u{2028}";
    for format in FORMATS {
        let text = shown(format, &[("name", "/name")], &[json!({"name": name})]);
        assert!(text.contains("jane"), "{text:?}");
        let text = text.replace("\r\n", "\n");
        assert!(!text.chars().any(|c| c != '\n' && steers(c)), "{format:?}: {text:?}");
        if format == Format::Json {
            let read: Value = serde_json::from_str(&text).expect("JSON");
            assert_eq!(read[0]["name"], name);
        }
    }
}
