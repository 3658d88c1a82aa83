//! Issues on every product: with what they were asked for, and found again while they are open.

use serde_json::json;
use usher::{
    domain::{Issue, Step},
    products::Error,
};

use super::{Bench, JIRAS, scene::steps};

fn issue() -> Issue {
    let step = steps().into_iter().find_map(|step| match step {
        Step::CreateIssue(issue) => Some(*issue),
        _ => None,
    });
    step.expect("an issue")
}

fn asking_for(issue: Issue) -> Step {
    Step::CreateIssue(Box::new(issue))
}

#[tokio::test]
async fn an_issue_has_its_marker_among_its_labels_and_texts_as_the_product_wants_them() {
    for product in JIRAS {
        let bench = Bench::new(product);
        bench.client.make_so(&bench.jane().await, &asking_for(issue())).await.expect("done");
        let made = &bench.sandbox.issues(product)[0];
        assert_eq!((made.issue_type.as_str(), made.summary.as_str()), ("Task", "Review jane doe+x"));
        assert_eq!(made.labels, ["audit", "usher-7f-\"1\""], "{product}");
        if product.is_cloud() {
            assert_eq!(made.fields["description"]["content"].as_array().map(Vec::len), Some(2));
            assert_eq!(made.fields["description"]["content"][1]["content"][0]["text"], "two");
        } else {
            assert_eq!(made.fields["description"], "One\n\ntwo");
        }
    }
}

#[tokio::test]
async fn an_issue_is_found_by_its_own_marker_only_and_only_while_it_is_open() {
    for product in JIRAS {
        let bench = Bench::new(product);
        bench.client.make_so(&bench.jane().await, &asking_for(issue())).await.expect("done");
        let other = asking_for(Issue { marker: "usher-7f".to_owned(), ..issue() });
        assert_eq!((bench.is_so(&asking_for(issue())).await, bench.is_so(&other).await), (Some(true), Some(false)));
        assert!(bench.sandbox.set_done(product, "OPS-1", true));
        assert_eq!(bench.is_so(&asking_for(issue())).await, Some(false), "{product}");
    }
}

#[tokio::test]
async fn an_issue_that_can_not_be_made_so_is_refused_with_the_fields_that_are_wrong() {
    for product in JIRAS {
        let bench = Bench::new(product);
        let fields = json!({ "colour": "red" }).as_object().expect("fields").clone();
        let wrong = asking_for(Issue { project: "NO".to_owned(), fields, ..issue() });
        let Err(Error::Refused { status: 400, message }) = bench.client.make_so(&bench.jane().await, &wrong).await
        else {
            panic!("{product}: not refused");
        };
        assert!(message.contains("project: ") && message.contains("colour: "), "{product}: {message}");
        assert!(bench.sandbox.issues(product).is_empty());
    }
}
