//! The consequence of each error for the caller: a wrong one repeats a change, or stops a source for one user.

use super::*;
use crate::domain::Product;

fn text() -> String {
    "why".to_owned()
}

fn unavailable(status: u16) -> Error {
    Error::Unavailable { status, message: text(), retry_after: None }
}

fn intercepted(status: u16) -> Error {
    let instead = Foreign { came: Came::WebPage, product: Product::JiraDc };
    Error::Intercepted { status, instead, retry_after: None }
}

fn refused(status: u16) -> Error {
    Error::Refused { status, message: text() }
}

#[test]
fn each_error_says_what_to_do_whose_fault_it_may_be_and_whether_the_product_answered() {
    use Disposition::{GiveUp, Halt, ReadThenGiveUp, ReadThenRetry, Retry};
    use Fault::{Either, Pace, Request, Source};
    for (error, disposition, fault, is_no_answer) in [
        (Error::RateLimited { retry_after: None }, Retry(None), Pace, false),
        (Error::Withheld("why"), Retry(None), Pace, false),
        (Error::Unreachable(text()), Retry(None), Source, true),
        (Error::Lost(text()), ReadThenRetry(None), Either, true),
        (Error::Unreadable(text()), ReadThenRetry(None), Either, false),
        (unavailable(503), ReadThenRetry(None), Source, true),
        (unavailable(500), ReadThenRetry(None), Either, true),
        (intercepted(200), ReadThenRetry(None), Either, true),
        (intercepted(400), ReadThenRetry(None), Request, true),
        (Error::Unauthorized { status: 401, message: text() }, Halt, Request, false),
        (Error::Misconfigured(text()), Halt, Request, false),
        (refused(400), ReadThenGiveUp, Request, false),
        (refused(404), ReadThenGiveUp, Request, false),
        (Error::NoSuchUser, GiveUp, Request, false),
        (Error::NotSupported("why"), GiveUp, Request, false),
    ] {
        assert_eq!(error.disposition(), disposition, "{error:?}");
        assert_eq!(error.fault(), fault, "{error:?}");
        assert_eq!(error.is_no_answer(), is_no_answer, "{error:?}");
    }
}

#[test]
fn a_wait_that_the_product_asks_for_is_passed_on_and_never_made_up() {
    let wait = Some(Duration::from_secs(7));
    let instead = Foreign { came: Came::Nothing, product: Product::JiraDc };
    for (error, expected) in [
        (Error::RateLimited { retry_after: wait }, Disposition::Retry(wait)),
        (Error::Unavailable { status: 503, message: text(), retry_after: wait }, Disposition::ReadThenRetry(wait)),
        (Error::Intercepted { status: 503, instead, retry_after: wait }, Disposition::ReadThenRetry(wait)),
    ] {
        assert_eq!(error.disposition(), expected, "{error:?}");
    }
}

#[test]
fn by_the_status_of_what_came_the_request_or_the_way_to_the_product_is_at_fault() {
    for (fault, statuses) in [
        (Fault::Source, &[408, 425, 502, 503, 504, 520, 525, 530][..]),
        (Fault::Request, &[400, 405, 406, 411, 413, 414, 415, 431, 501]),
        (Fault::Either, &[200, 301, 403, 404, 409, 429, 500, 505, 519, 531, 599]),
    ] {
        for status in statuses {
            assert_eq!(intercepted(*status).fault(), fault, "{status}");
            assert_eq!(unavailable(*status).fault(), fault, "{status}");
        }
    }
}

#[test]
fn only_a_404_about_a_user_says_that_there_is_none() {
    assert_eq!(refused(404).of_user(), Error::NoSuchUser);
    for other in [refused(400), refused(410), intercepted(404), unavailable(404), Error::Unreadable(text())] {
        assert_eq!(other.clone().of_user(), other);
    }
    assert!(matches!(Error::no_such_group(&GroupName::new("vip")), Error::Refused { status: 404, .. }));
    assert_eq!(Error::not_so_called().disposition(), Disposition::ReadThenGiveUp, "the user is read by the id");
    let another = Error::about_another_user(Product::Crowd);
    assert_eq!(another.disposition(), Disposition::ReadThenRetry(None), "and nobody counts as gone");
}

#[test]
fn a_step_without_a_call_is_refused_with_what_the_table_of_capabilities_says() {
    let said = |product, step: &Step| match Error::not_supported(product, step) {
        Error::NotSupported(why) => why,
        other => panic!("{other:?}"),
    };
    let rename = Step::Rename { suffix: "-x".to_owned() };
    assert!(said(Product::ConfluenceDc, &rename).contains("can't change login names"));
    assert!(said(Product::JiraCloud, &Step::Deactivate).contains("`remove_application_access`"));
    assert_eq!(said(Product::JiraDc, &Step::Delete), "there is no call for it");
}
