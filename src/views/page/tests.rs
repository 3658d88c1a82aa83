use super::*;
use crate::views::{
    Filter, LetterFilter, LetterState, RunState,
    database::testing::in_memory,
    runs::{self, EntryResult},
    testing::{at, source},
};

/// Rows with the numbers 0 to `rows`, each a second older than the one before.
fn table(rows: usize) -> &'static Connection {
    let db = in_memory();
    db.execute_batch(
        "CREATE TABLE rows (no INTEGER PRIMARY KEY, list TEXT, at INTEGER, id TEXT);
        CREATE INDEX rows_by_time ON rows (list, at DESC, id);
        INSERT INTO rows VALUES (999999, 'b', 0, 'of another list');",
    )
    .expect("a table");
    let mut insert = db.prepare("INSERT INTO rows VALUES (?1, 'a', ?2, ?3)").expect("SQL");
    for row in 0..i64::try_from(rows).expect("few") {
        // Two of each time.
        insert.execute((row, at(-(row / 2)), format!("{row:06}"))).expect("a row");
    }
    db
}

fn limit(number: usize) -> Limit {
    Limit::try_from(number.to_string()).expect("a limit")
}

/// All pages of the list of rows with one of the numbers `wanted`, with how many pages there were.
fn all(db: &Connection, size: usize, wanted: Option<[i64; 2]>) -> (Vec<i64>, usize) {
    let (mut found, mut pages) = (Vec::new(), 0);
    let mut paging = Paging { limit: limit(size), cursor: None };
    let wanted = wanted.as_ref().map(|[one, other]| condition("no IN (?, ?)", [one as _, other as _]));
    let searched = vec![condition("list = ?", [&"a" as _])];
    let from = "rows INDEXED BY rows_by_time";
    let list = Newest { from, time: "at", id: "id", searched, wanted: wanted.into_iter().collect(), since: None };
    loop {
        let page = list.page(db, &paging, |number| Ok(Some(number))).expect("a page");
        assert!(page.items.len() <= size);
        found.extend(page.items);
        pages += 1;
        match page.next {
            Some(next) => paging.cursor = Some(next),
            None => return (found, pages),
        }
    }
}

#[test]
fn the_pages_of_a_list_hold_each_row_once_and_no_row_of_another_list() {
    let db = table(10);
    for size in [1, 3, 5, 9, 10, 11, 500] {
        let (found, pages) = all(db, size, None);
        assert_eq!(found, (0..10).collect::<Vec<_>>(), "{size} a page");
        assert_eq!(pages, 10_usize.div_ceil(size), "no empty page at the end with {size} a page");
    }
}

#[test]
fn a_filter_that_matches_little_goes_on_on_the_next_page() {
    let db = table(MAX_LOOKED_AT + 10);
    let last = i64::try_from(MAX_LOOKED_AT + 5).expect("few");
    assert_eq!(all(db, 2, Some([0, last])), (vec![0, last], 2));
}

/// Asserts that SQLite walks an index from the start of the page, and does not sort.
fn is_walked(plan: &str, what: &str) {
    let steps: Vec<_> = plan.lines().filter(|step| !step.contains("json_each") && !step.contains("SUBQUERY")).collect();
    assert!(!steps.is_empty(), "{what}");
    for step in steps {
        let by_index =
            step.contains("USING INDEX") || step.contains("USING COVERING INDEX") || step.contains("USING PRIMARY KEY");
        assert!(by_index, "{what}: {plan}");
    }
}

#[test]
fn no_list_reads_a_whole_table_or_sorts_whatever_its_filter() {
    let db = in_memory();
    let schemes: [Option<crate::domain::SchemeId>; 2] = [None, "a".parse().ok()];
    for result in EntryResult::all().map(Some).chain([None]) {
        for state in [None, Some(RunState::Held), Some(RunState::Done)] {
            for scheme in &schemes {
                for source in [None, Some(source())] {
                    let (scheme, since) = (scheme.clone(), scheme.is_some().then(|| at(0)));
                    let action = since.map(|_| "add_groups".to_owned());
                    let filter = Filter { scheme, source, action, result, state, since, kept_to: None };
                    for has_place in [false, true] {
                        is_walked(&filter.list().plan(db, has_place), &format!("{filter:?}"));
                    }
                }
            }
        }
        for has_place in [false, true] {
            is_walked(&runs::entries_plan(db, result.is_some(), has_place), "entries");
        }
    }
    for state in [None, Some(LetterState::Open)] {
        for source in [None, Some(source())] {
            for since in [None, Some(at(0))] {
                let (reason, user) = (Some("no".into()), Some("jane".into()));
                let filter =
                    LetterFilter { source: source.clone(), reason, user, since, state, ..LetterFilter::default() };
                is_walked(&crate::views::dead_letters::plan(db, &filter), &format!("{filter:?}"));
            }
        }
    }
    is_walked(&crate::views::decisions::plan(db), "decisions");
}

#[test]
fn a_limit_or_cursor_that_is_none_is_refused_with_what_to_write() {
    for bad in ["0", "501", "-1", "ten", "", "99999999999999999999"] {
        let refused = Limit::try_from(bad.to_owned()).expect_err(bad);
        assert!(refused.to_string().contains("from 1 to 500"), "{refused}");
    }
    for bad in ["", "xyz", "0"] {
        let refused = Cursor::try_from(bad.to_owned()).expect_err(bad);
        assert!(refused.to_string().contains("`next`"), "{refused}");
    }
}
