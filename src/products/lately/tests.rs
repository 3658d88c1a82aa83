//! Recent answers are used for a while, counted from the question.

use super::*;

const MINUTE: Duration = Duration::from_mins(1);

#[tokio::test(start_paused = true)]
async fn an_answer_counts_from_when_it_was_asked_for_and_not_from_when_it_came() {
    let lately = Lately::new(MINUTE);
    let asked = Instant::now();
    tokio::time::advance(Duration::from_secs(40)).await;
    lately.keep("staff", true, asked);
    assert_eq!(lately.get("staff"), Some(true));
    tokio::time::advance(Duration::from_secs(19)).await;
    assert_eq!(lately.get("staff"), Some(true));
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_eq!(lately.get("staff"), None, "a minute after the question");
}

#[tokio::test(start_paused = true)]
async fn a_later_answer_takes_the_place_of_an_earlier_one_and_a_forgotten_one_is_asked_for_again() {
    let lately = Lately::new(MINUTE);
    lately.keep("staff", true, Instant::now());
    lately.keep("vip", false, Instant::now());
    tokio::time::advance(Duration::from_secs(59)).await;
    lately.keep("staff", false, Instant::now());
    tokio::time::advance(Duration::from_secs(2)).await;
    assert_eq!((lately.get("staff"), lately.get("vip")), (Some(false), None));
    lately.forget(&"staff");
    assert_eq!(lately.get("staff"), None);
}
