//! Every way in which a product lists its users comes to an end, whatever the product answers.

use crate::{
    domain::Product,
    products::{
        Error,
        listing::PAGE,
        stub::{Reply, Stub, answer, ok},
    },
};

/// One page, as a product's server may give it.
#[derive(Clone, Default)]
struct Given {
    users: Vec<usize>,
    /// Where it says that the next one begins.
    next: Option<usize>,
    /// Whether it says that it is the last one, where it can.
    last: Option<bool>,
}

/// How a product writes a page.
struct Form {
    name: &'static str,
    product: Product,
    /// What it answers before the first page.
    before: &'static [(u16, &'static str)],
    write: fn(&Given) -> String,
    /// Whether a page says where the next one begins. Otherwise it is asked for by offset, until a page is empty.
    says_where: bool,
}

const FORMS: [Form; 8] = [
    Form {
        name: "a stream with cursors",
        product: Product::JiraDc,
        before: &[],
        write: |given| {
            let users = list(given, |n| format!(r#"{{"key":"{n}"}}"#));
            format!(
                r#"{{"values":{users}{}{}}}"#,
                told(r#","isLast":"#, given.last),
                told(r#","nextCursor":"#, given.next)
            )
        },
        says_where: true,
    },
    Form {
        name: "a search by offset",
        product: Product::JiraDc,
        before: &[(404, "{}"), (200, r#"{"versionNumbers":[9]}"#)],
        write: |given| list(given, |n| format!(r#"{{"key":"{n}"}}"#)),
        says_where: false,
    },
    Form {
        name: "a list by offset",
        product: Product::JiraCloud,
        before: &[],
        write: |given| list(given, |n| format!(r#"{{"accountId":"{n}"}}"#)),
        says_where: false,
    },
    Form {
        name: "starts of next pages",
        product: Product::BitbucketDc,
        before: &[],
        write: |given| {
            let users = list(given, |n| format!(r#"{{"id":{n},"name":"n-{n}"}}"#));
            let (last, next) = (told(r#","isLastPage":"#, given.last), told(r#","nextPageStart":"#, given.next));
            format!(r#"{{"values":{users}{last}{next}}}"#)
        },
        says_where: true,
    },
    Form {
        name: "a list by index",
        product: Product::Crowd,
        before: &[],
        write: |given| {
            let users = list(given, |n| format!(r#"{{"name":"n-{n}","key":"1:{n}"}}"#));
            format!(r#"{{"expand":"user","users":{users}}}"#)
        },
        says_where: false,
    },
    Form {
        name: "linked pages",
        product: Product::ConfluenceDc,
        before: &[],
        write: |given| linked(given, |n| format!(r#"{{"userKey":"{n}"}}"#)),
        says_where: true,
    },
    Form {
        name: "linked pages of a search",
        product: Product::ConfluenceCloud,
        before: &[],
        write: |given| linked(given, |n| format!(r#"{{"user":{{"accountId":"{n}"}}}}"#)),
        says_where: true,
    },
    Form {
        name: "bare cursors",
        product: Product::AtlassianOrg,
        before: &[(200, r#"{"data":[{"directoryId":"d"}],"links":{}}"#)],
        write: |given| {
            let users = list(given, |n| format!(r#"{{"accountId":"{n}"}}"#));
            let next = given.next.map_or("null".to_owned(), |next| format!(r#""{next}""#));
            format!(r#"{{"data":{users},"links":{{"next":{next}}}}}"#)
        },
        says_where: true,
    },
];

fn linked(given: &Given, bean: fn(usize) -> String) -> String {
    let next = given.next.map_or(String::new(), |next| format!(r#""next":"/rest/api/x?limit=200&start={next}""#));
    format!(r#"{{"results":{},"_links":{{{next}}}}}"#, list(given, bean))
}

fn list(given: &Given, bean: fn(usize) -> String) -> String {
    format!("[{}]", given.users.iter().map(|user| bean(*user)).collect::<Vec<_>>().join(","))
}

fn told<T: ToString>(key: &str, value: Option<T>) -> String {
    value.map_or(String::new(), |value| format!("{key}{}", value.to_string()))
}

/// So many pages a server has ready. Whoever asks for more is not answered.
const MOST: usize = 60;

/// How a listing ended.
#[derive(Debug, PartialEq, Eq)]
enum End {
    /// With so many users.
    Told(usize),
    /// It is not believed.
    Refused,
    /// Not within [`MOST`] pages.
    Never,
}

/// Reads on to the end, where the `nth` page is as `page` says, counted from 0.
async fn read(form: &Form, page: impl Fn(usize) -> Given) -> End {
    let before = form.before.iter().map(|(status, body)| answer(*status, "", body));
    let pages: Vec<Reply> = before.chain((0..MOST).map(|nth| ok(&(form.write)(&page(nth))))).collect();
    let stub = Stub::answering(pages).await;
    let (client, mut users, mut cursor) = (stub.client(form.product), 0, None);
    loop {
        match client.users(cursor.as_deref()).await {
            Ok(page) => {
                users += page.users.len();
                // Members of groups may come behind a list that is not known to be whole.
                cursor = page.next.filter(|_| page.completeness.why().is_none());
            }
            Err(Error::Unreadable(_)) => return End::Refused,
            Err(Error::Unreachable(_)) => return End::Never,
            Err(error) => panic!("{}: {error:?}", form.name),
        }
        if cursor.is_none() {
            return End::Told(users);
        }
    }
}

/// A page with `users`, with another behind it that begins at `next`.
fn more(users: impl IntoIterator<Item = usize>, next: usize) -> Given {
    Given { users: users.into_iter().collect(), next: Some(next), last: Some(false) }
}

/// A page that is the last one.
fn last(users: impl IntoIterator<Item = usize>) -> Given {
    Given { users: users.into_iter().collect(), next: None, last: Some(true) }
}

#[tokio::test]
async fn an_honest_list_is_read_to_its_end_past_short_pages() {
    for form in &FORMS {
        let honest = |nth| match nth {
            0 => more(0..3, 3),
            1 => more([3], 4),
            2 if form.says_where => last([4, 5]),
            2 => more([4, 5], 6),
            _ => last([]),
        };
        assert_eq!(read(form, honest).await, End::Told(6), "{}", form.name);
    }
}

#[tokio::test]
async fn a_list_of_nobody_is_not_believed() {
    for form in &FORMS {
        assert_eq!(read(form, |_| last([])).await, End::Refused, "{}", form.name);
    }
}

#[tokio::test]
async fn an_empty_page_is_the_end_where_nothing_says_that_there_is_more_and_else_is_passed_over() {
    for form in &FORMS {
        let with_a_hole = |nth| match nth {
            0 => more([0, 1], 2),
            1 => more([], 4),
            _ => last([2, 3]),
        };
        let users = if form.says_where { 4 } else { 2 };
        assert_eq!(read(form, with_a_hole).await, End::Told(users), "{}", form.name);
    }
}

#[tokio::test]
async fn a_page_that_comes_again_and_again_is_the_whole_list_or_none() {
    for form in &FORMS {
        // A short page that comes again where an offset is asked for: the server heeds no offset, and that is all.
        let expected = if form.says_where { End::Refused } else { End::Told(4) };
        assert_eq!(read(form, |_| more([0, 1], 2)).await, expected, "{}", form.name);
        assert_eq!(read(form, |nth| more([0, 1], nth + 1)).await, expected, "{}: it seems to go on", form.name);
        assert_eq!(read(form, |_| more(0..PAGE, PAGE)).await, End::Refused, "{}: full", form.name);
        assert_eq!(read(form, |_| more([], 2)).await, End::Refused, "{}: empty", form.name);
    }
}

#[tokio::test]
async fn a_circle_is_noticed_wherever_it_begins_and_however_long_it_is() {
    for form in &FORMS {
        for (before, length) in [(0, 2), (1, 2), (0, 3), (2, 3), (3, 5)] {
            let place = |nth| if nth < before { nth } else { before + (nth - before) % length };
            let page = |nth| more([10 * place(nth), 10 * place(nth) + 1], place(nth + 1) + 100);
            let end = read(form, page).await;
            // By offset, a page that came before is either taken for the end or noticed.
            let noticed = end == End::Refused || (!form.says_where && matches!(end, End::Told(_)));
            assert!(noticed, "{} {before} {length}: {end:?}", form.name);
        }
    }
}

#[tokio::test]
async fn a_page_that_contradicts_itself_does_not_make_the_list_go_on_for_ever() {
    for form in FORMS.iter().filter(|form| form.says_where) {
        let last_with_more = Given { last: Some(true), ..more([0], 1) };
        let then_nothing = |nth| if nth == 0 { last_with_more.clone() } else { last([]) };
        assert_eq!(read(form, then_nothing).await, End::Told(1), "{}", form.name);
        let more_nowhere = |_| Given { next: None, ..more([0], 1) };
        assert!(matches!(read(form, more_nowhere).await, End::Refused | End::Told(1)), "{}", form.name);
    }
}
