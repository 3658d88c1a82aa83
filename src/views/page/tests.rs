use super::*;

fn tree(rows: usize) -> (tempfile::TempDir, sled::Tree) {
    let dir = tempfile::tempdir().expect("a folder");
    let tree = sled::open(dir.path()).expect("a database").open_tree("rows").expect("a tree");
    for row in 0..rows {
        tree.insert(format!("a/{row:06}"), row.to_string().as_bytes()).expect("a row");
    }
    tree.insert("b/0", "999").expect("a row of another list");
    (dir, tree)
}

fn limit(number: usize) -> Limit {
    Limit::try_from(number.to_string()).expect("a limit")
}

/// All pages of the list, with how many there were.
fn all(tree: &sled::Tree, size: usize, wanted: impl Fn(usize) -> bool) -> (Vec<usize>, usize) {
    let (mut found, mut pages) = (Vec::new(), 0);
    let mut paging = Paging { limit: limit(size), cursor: None };
    loop {
        let page = page(tree, b"a/", &paging, |row| {
            let Pick::Take(number) = take(row)? else { return Ok(Pick::Skip) };
            Ok(if wanted(number) { Pick::Take(number) } else { Pick::Skip })
        })
        .expect("a page");
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
    let (_dir, tree) = tree(10);
    for size in [1, 3, 5, 9, 10, 11, 500] {
        let (found, pages) = all(&tree, size, |_| true);
        assert_eq!(found, (0..10).collect::<Vec<_>>(), "{size} a page");
        assert_eq!(pages, 10_usize.div_ceil(size), "no empty page at the end with {size} a page");
    }
}

#[test]
fn a_filter_that_matches_little_goes_on_on_the_next_page() {
    let (_dir, tree) = tree(MOST_LOOKED_AT + 10);
    let (found, pages) = all(&tree, 2, |row| row == 0 || row == MOST_LOOKED_AT + 5);
    assert_eq!(found, [0, MOST_LOOKED_AT + 5]);
    assert_eq!(pages, 2);
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
