//! Lists taken in, and users found in them.

mod matching;

use std::{os::unix::fs::PermissionsExt as _, time::Instant};

use rusqlite::Connection;

use super::*;
use crate::{
    domain::{EmailDomain, Profile, UserHints},
    products::{Completeness, UserPage},
    source::ListRecorder as _,
    views::{Cursor, Limit, Paging},
};

const DAY: Duration = Duration::from_hours(24);

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millis(1_790_000_000_000 + 1_000 * seconds)
}

fn source(id: &str) -> SourceId {
    id.parse().expect("an id")
}

struct Kept {
    roster: Roster,
    folder: tempfile::TempDir,
}

impl Kept {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let roster = Roster::open(folder.path(), 7 * DAY, &[source("acme"), source("globex")]).expect("a roster");
        Self { roster, folder }
    }

    /// Takes in a list of these pages.
    fn list(&self, of: &str, seconds: i64, pages: Vec<UserPage>) {
        let mut list = self.roster.begin(&source(of), at(seconds));
        pages.iter().for_each(|page| list.page(page));
    }

    fn ids(&self, wanted: &Wanted, judge: Option<Judge<'_>>, limit: usize) -> Vec<String> {
        let (mut found, mut cursor) = (Vec::new(), None);
        for _page in 0..1_000 {
            let paging = Paging { limit: limit_of(limit), cursor };
            let page = self.roster.page(&[source("acme"), source("globex")], wanted, judge, &paging).expect("a page");
            assert!(page.users.len() <= limit);
            found.extend(page.users.into_iter().map(|found| format!("{}/{}", found.source, found.user.id)));
            cursor = page.next;
            if cursor.is_none() {
                return found;
            }
        }
        unreachable!("the list has an end")
    }

    fn standing(&self, of: &str) -> Standing {
        self.roster.standing(&source(of)).expect("read").expect("it was listed")
    }
}

fn limit_of(limit: usize) -> Limit {
    limit.to_string().try_into().expect("a limit")
}

fn hints(name: &str) -> UserHints {
    let profile = Profile { display_name: Some(format!("{name} of Acme")), ..Profile::default() };
    UserHints {
        name: Some(name.to_owned()),
        email: EmailAddress::parse(&format!("{name}@acme.example")),
        active: Some(true),
        profile: Some(Box::new(profile)),
        ..UserHints::default()
    }
}

fn page(names: &[&str], next: Option<&str>) -> UserPage {
    let users = names.iter().map(|name| (UserId::new(format!("id-{name}")), hints(name)));
    UserPage::new(users.collect(), next.map(str::to_owned))
}

fn cut(names: &[&str], why: &str) -> UserPage {
    UserPage { completeness: Completeness::NotProved(why.to_owned()), ..page(names, None) }
}

fn all() -> Wanted {
    Wanted::default()
}

fn text(words: &str) -> Wanted {
    Wanted { filter: RosterFilter { text: Some(words.to_owned()), ..RosterFilter::default() }, ..all() }
}

#[test]
fn a_whole_list_takes_the_place_of_the_last_one() {
    let kept = Kept::new();
    kept.list("acme", 1, vec![page(&["jane", "joe"], Some("c")), page(&["kim"], None)]);
    assert_eq!(kept.ids(&all(), None, 2), ["acme/id-jane", "acme/id-joe", "acme/id-kim"]);
    assert_eq!(kept.standing("acme"), Standing { as_of: Some(at(1)), users: 3, incomplete: None });
    kept.list("acme", 2, vec![page(&["kim", "lee"], None)]);
    assert_eq!(kept.ids(&all(), None, 2), ["acme/id-kim", "acme/id-lee"]);
    assert_eq!(kept.standing("acme"), Standing { as_of: Some(at(2)), users: 2, incomplete: None });
}

#[test]
fn a_list_that_is_broken_off_changes_nothing() {
    let kept = Kept::new();
    kept.list("acme", 1, vec![page(&["jane"], None)]);
    kept.list("acme", 2, vec![page(&["joe"], Some("c"))]);
    assert_eq!(kept.ids(&all(), None, 5), ["acme/id-jane"]);
    assert_eq!(kept.standing("acme").as_of, Some(at(1)));
    let drafts: i64 = kept
        .roster
        .0
        .database
        .read(|db| Ok(db.query_row("SELECT count(*) FROM drafts", [], |row| row.get(0))?))
        .expect("counted");
    assert_eq!(drafts, 0, "nothing of it is kept");
}

#[test]
fn a_list_that_the_product_cut_removes_nobody_and_says_so() {
    let kept = Kept::new();
    kept.list("acme", 1, vec![page(&["jane", "joe"], None)]);
    kept.list("acme", 2, vec![cut(&["joe", "kim"], "it ends early")]);
    assert_eq!(kept.ids(&all(), None, 5), ["acme/id-jane", "acme/id-joe", "acme/id-kim"]);
    assert_eq!(
        kept.standing("acme"),
        Standing { as_of: Some(at(2)), users: 3, incomplete: Some("it ends early".into()) }
    );
    let known = |name: &str| {
        let id = UserId::new(format!("id-{name}"));
        kept.roster.user(&source("acme"), &id).expect("read").expect("known").1
    };
    assert_eq!((known("jane"), known("joe"), known("kim")), (at(1), at(2), at(2)), "who was not in it keeps the age");
    kept.list("acme", 3, vec![page(&["jane"], None)]);
    assert_eq!((kept.ids(&all(), None, 5), known("jane")), (vec!["acme/id-jane".to_owned()], at(3)));
}

#[test]
fn a_cut_list_counts_also_if_nobody_reads_on() {
    let kept = Kept::new();
    let first = UserPage { next: Some("members".into()), ..cut(&["jane"], "it ends early") };
    kept.list("acme", 1, vec![first]);
    assert_eq!(
        kept.standing("acme"),
        Standing { as_of: Some(at(1)), users: 1, incomplete: Some("it ends early".into()) }
    );
}

#[test]
fn of_two_lists_at_once_the_one_that_was_begun_later_counts() {
    let kept = Kept::new();
    let mut first = kept.roster.begin(&source("acme"), at(1));
    let mut second = kept.roster.begin(&source("acme"), at(2));
    first.page(&page(&["jane"], Some("c")));
    second.page(&page(&["joe"], Some("c")));
    second.page(&page(&["kim"], None));
    first.page(&page(&["lee"], None));
    assert_eq!(kept.ids(&all(), None, 5), ["acme/id-joe", "acme/id-kim"]);
}

#[test]
fn a_reading_counts_until_a_later_list() {
    let kept = Kept::new();
    let jane = |email: &str| User {
        name: Some("jane".into()),
        email: EmailAddress::parse(email),
        active: Some(false),
        ..User::new(UserId::new("id-jane"))
    };
    let email =
        || kept.roster.user(&source("acme"), &UserId::new("id-jane")).expect("read").map(|(user, at)| (user.email, at));
    kept.roster.record_reading(&source("acme"), &jane("early@x.example"), at(1)).expect("passed over");
    assert_eq!(email(), None, "a source that was never listed has no roster");
    let mut list = kept.roster.begin(&source("acme"), at(2));
    list.page(&page(&["jane"], Some("c")));
    kept.list("acme", 1, vec![page(&["joe"], None)]);
    kept.roster.record_reading(&source("acme"), &jane("new@x.example"), at(3)).expect("kept");
    assert_eq!(kept.standing("acme").users, 2);
    list.page(&page(&[], None));
    assert_eq!(email(), Some((EmailAddress::parse("new@x.example"), at(3))), "it was read after the list was begun");
    assert_eq!(kept.ids(&all(), None, 5), ["acme/id-jane"]);
    kept.list("acme", 4, vec![page(&["jane"], None)]);
    assert_eq!(email(), Some((EmailAddress::parse("jane@acme.example"), at(4))));
}

#[test]
fn users_are_found_by_words_domain_status_and_directory() {
    let kept = Kept::new();
    let odd = |id: &str, name: &str, email: &str, active| {
        let profile = Profile { directory: Some("Staff".into()), ..Profile::default() };
        let hints =
            UserHints { email: EmailAddress::parse(email), active, profile: Some(Box::new(profile)), ..hints(name) };
        (UserId::new(id), hints)
    };
    let users = vec![
        odd("1", "José Müller", "jose@Acme.example", Some(true)),
        odd("2", "=1+1", "x@other.example", Some(false)),
        odd("5b10:A", "<b>%_'\"\n", "two@a.example, three@b.example", None),
    ];
    kept.list("acme", 1, vec![UserPage::new(users, None)]);
    for (words, ids) in [
        ("jose", vec!["acme/1"]),
        ("MULLER josé", vec!["acme/1"]),
        ("=1", vec!["acme/2"]),
        ("5b10:a", vec!["acme/5b10:A"]),
        ("%", vec!["acme/5b10:A"]),
        ("' OR 1", vec![]),
        ("acme.example", vec!["acme/1"]),
        ("jose other", vec![]),
        ("  ", vec!["acme/5b10:A", "acme/2", "acme/1"]),
    ] {
        assert_eq!(kept.ids(&text(words), None, 2), ids, "{words}");
    }
    let filter = |filter: RosterFilter| kept.ids(&Wanted { filter, ..all() }, None, 2);
    let domain = EmailDomain::parse("acme.EXAMPLE");
    assert_eq!(filter(RosterFilter { domain, ..Default::default() }), ["acme/1"]);
    let inactive = Some(UserStatus::Inactive);
    assert_eq!(filter(RosterFilter { status: inactive, ..Default::default() }), ["acme/2"], "unknown never matches");
    let directory = Some("Staff".to_owned());
    assert_eq!(filter(RosterFilter { directory, ..Default::default() }).len(), 3);
}

#[test]
fn pages_over_several_sources_hold_everybody_once_in_each_order() {
    let kept = Kept::new();
    let names: Vec<_> = (0..57).map(|number| format!("u{:02}", (number * 37) % 57)).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    kept.list("acme", 1, vec![page(&names, None)]);
    kept.list("globex", 1, vec![page(&names[..29], None)]);
    for key in SortKey::ALL {
        for descending in [false, true] {
            for filter in [RosterFilter::default(), text("u").filter] {
                let wanted = Wanted { filter, sort: Sort { key, descending } };
                let mut whole = kept.ids(&wanted, None, 500);
                for limit in [1, 2, 7, 86] {
                    assert_eq!(kept.ids(&wanted, None, limit), whole, "{wanted:?} {limit}");
                    let odd = |found: &[Found]| found.iter().map(|one| one.user.id.as_str().ends_with('1')).collect();
                    let odd_ones: Vec<_> = whole.iter().filter(|id| id.ends_with('1')).cloned().collect();
                    assert_eq!(kept.ids(&wanted, Some(&odd), limit), odd_ones, "{wanted:?} {limit}");
                }
                whole.sort();
                whole.dedup();
                assert_eq!(whole.len(), 57 + 29);
            }
        }
    }
    let nonsense = Paging { limit: limit_of(5), cursor: Some(Cursor::behind("nonsense")) };
    assert_eq!(kept.roster.page(&[source("acme")], &all(), None, &nonsense).expect("the first page").users.len(), 5);
}

#[test]
fn a_list_that_loses_users_of_the_last_one_while_it_is_read_is_not_whole() {
    let kept = Kept::new();
    kept.list("acme", 1, vec![page(&["jane", "joe"], None)]);
    let mut list = kept.roster.begin(&source("acme"), at(5));
    list.page(&page(&["jane"], Some("c"))); // as she was: nothing is written
    kept.roster.prune(at(2).plus(7 * DAY)).expect("pruned");
    list.page(&page(&["kim"], None));
    assert_eq!(kept.ids(&all(), None, 5), ["acme/id-kim"]);
    assert!(kept.standing("acme").incomplete.is_some_and(|why| why.starts_with("1 users left")));
    kept.list("acme", 9, vec![page(&["jane", "kim"], None)]);
    assert_eq!((kept.standing("acme").users, kept.standing("acme").incomplete), (2, None));
}

#[test]
fn a_list_cut_by_the_product_removes_nobody_also_where_the_last_one_is_too_old() {
    let kept = Kept::new();
    kept.list("acme", 1, vec![page(&["jane"], None)]);
    kept.list("acme", 2, vec![cut(&["joe"], "the first 1 only")]);
    kept.roster.prune(at(2).plus(7 * DAY)).expect("pruned"); // jane was known at 1, joe at 2
    assert_eq!(kept.ids(&all(), None, 5), ["acme/id-joe"]);
    kept.roster.prune(at(3).plus(7 * DAY)).expect("pruned");
    kept.list("acme", 9, vec![page(&["kim"], None)]);
    kept.list("acme", 10, vec![cut(&["lee"], "the first 1 only")]);
    assert_eq!(kept.ids(&all(), None, 5), ["acme/id-kim", "acme/id-lee"]);
}

#[test]
fn personal_data_leaves_with_its_time_with_its_source_and_when_it_is_switched_off() {
    let mut kept = Kept::new();
    kept.list("acme", 1, vec![page(&["jane"], None)]);
    kept.list("globex", 10, vec![page(&["joe"], None)]);
    let file = kept.folder.path().join("roster.sqlite");
    let mode = |path: &Path| path.metadata().expect("a file").permissions().mode() & 0o777;
    assert_eq!(mode(&file), 0o600);
    assert_eq!(mode(&file.with_extension("sqlite-wal")), 0o600);
    assert_eq!(kept.roster.prune(at(5).plus(7 * DAY)).expect("pruned"), 1);
    assert_eq!(kept.ids(&all(), None, 5), ["globex/id-joe"]);
    assert_eq!(kept.standing("acme").as_of, None);
    assert_eq!(kept.roster.prune(at(5).plus(7 * DAY)).expect("pruned"), 0);
    kept.roster = Roster::open(kept.folder.path(), DAY, &[source("acme")]).expect("opened again");
    assert_eq!(kept.ids(&all(), None, 5), [""; 0]);
    assert_eq!(kept.roster.standing(&source("globex")).expect("read"), None);
    Roster::remove(kept.folder.path()).expect("removed");
    assert!(!file.exists());
    Roster::remove(kept.folder.path()).expect("nothing to remove");
}

#[test]
fn the_roster_is_there_after_a_restart_and_a_damaged_one_is_made_anew() {
    let kept = Kept::new();
    kept.list("acme", 1, vec![page(&["jane"], None)]);
    let Kept { roster, folder } = kept;
    drop(roster);
    let both = [source("acme"), source("globex")];
    let roster = Roster::open(folder.path(), DAY, &both).expect("opened again");
    assert!(roster.user(&source("acme"), &UserId::new("id-jane")).expect("read").is_some());
    drop(roster);
    std::fs::write(folder.path().join("roster.sqlite"), "this is no database at all, however long it is")
        .expect("written");
    let roster = Roster::open(folder.path(), DAY, &both).expect("made anew");
    assert_eq!(roster.standing(&source("acme")).expect("read"), None);
}

#[test]
fn users_with_the_same_address_are_found_in_other_sources() {
    let kept = Kept::new();
    kept.list("globex", 1, vec![page(&["jane", "joe"], None)]);
    let email = EmailAddress::parse("JANE@acme.example").expect("an address");
    let found = kept.roster.with_email(&[source("globex"), source("acme")], &email, 5).expect("read");
    let found: Vec<_> = found.iter().map(|(source, user)| (source.as_str(), user.id.as_str())).collect();
    assert_eq!(found, [("globex", "id-jane")]);
}

/// No list sorts all users, and none looks each one up, unless the caller judges them.
#[test]
fn every_list_is_walked_along_an_index_or_reads_the_table_once() {
    let db = Connection::open_in_memory().expect("a database");
    db.execute_batch(include_str!("../schema.sql")).expect("tables");
    for key in SortKey::ALL {
        for (descending, has_place) in [(false, false), (false, true), (true, true)] {
            let sort = Sort { key, descending };
            for (wanted, is_judged) in [(Wanted { sort, ..all() }, false), (Wanted { sort, ..text("x") }, true)] {
                let plan = listing::plan(&db, &wanted, is_judged, has_place);
                assert!(!plan.contains("B-TREE"), "{wanted:?}: {plan}");
                assert!(plan.contains("SEARCH users USING"), "{wanted:?}: {plan}");
            }
            let plan = listing::plan(&db, &Wanted { sort, ..text("x") }, false, has_place);
            assert!(plan.contains("SEARCH users USING PRIMARY KEY"), "{plan}");
        }
    }
}

/// The time of a page out of 100,000 users. The bound is wide: tests are not optimised, and the machine may be busy.
#[test]
fn a_page_out_of_a_hundred_thousand_users_comes_soon() {
    const USERS: usize = 100_000;
    let kept = Kept::new();
    let mut list = kept.roster.begin(&source("acme"), at(1));
    for begin in (0..USERS).step_by(1_000) {
        let names: Vec<_> =
            (begin..begin + 1_000).map(|number| format!("user-{:06}", (number * 7_919) % USERS)).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let next = (begin + 1_000 < USERS).then_some("c");
        list.page(&page(&names, next));
    }
    assert_eq!(kept.standing("acme").users, USERS as u64);
    let never = |found: &[Found]| vec![false; found.len()];
    let timed = |what: &str, wanted: &Wanted, judge: Option<Judge<'_>>| {
        let begun = Instant::now();
        let page = kept.roster.page(&[source("acme")], wanted, judge, &Paging::default()).expect("a page");
        eprintln!("{what}: {:?}, {} users", begun.elapsed(), page.users.len());
        assert!(begun.elapsed() < Duration::from_secs(2), "{what}: {:?}", begun.elapsed());
    };
    timed("no filter", &all(), None);
    timed("nobody matches", &text("zzz"), None);
    timed("one matches", &text("user-012345"), None);
    timed("everybody matches", &text("user"), None);
    timed("nobody is judged to match", &all(), Some(&never));
    let by_email = Sort { key: SortKey::Email, descending: true };
    timed("by address", &Wanted { sort: by_email, ..text("99") }, None);
}
