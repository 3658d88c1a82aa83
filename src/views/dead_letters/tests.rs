use super::*;
use crate::{
    domain::{Stage, Truth},
    views::{
        database::testing::in_memory,
        testing::{at, decision, letter, steps, verdict},
    },
};

fn list(letters: DeadLetters<'_>) -> Vec<DeadLetterRow> {
    let page = letters.list(&LetterFilter::default(), &Paging::default()).expect("a list");
    page.items.into_iter().map(|(row, _)| row).collect()
}

fn add(letters: DeadLetters<'_>, letter: &DeadLetter) {
    letters.apply(&LetterRecord::Letter(Box::new(letter.clone()))).expect("added");
}

#[test]
fn dead_letters_are_listed_newest_first_and_one_id_is_one() {
    let letters = DeadLetters(in_memory());
    let newer = DeadLetter { reason: "given up again".into(), ..letter("a", "jane", 5) };
    // As after a crash: records that are already in the view come again, with older ones among them.
    for letter in [letter("a", "jane", 1), letter("b", "joe", 3), newer.clone(), newer, letter("a", "jane", 1)] {
        add(letters, &letter);
    }
    let listed: Vec<_> = list(letters).into_iter().map(|row| (row.id, row.reason)).collect();
    let expected = [("a", "given up again"), ("b", "the product knows no such user")];
    assert_eq!(listed, expected.map(|(id, reason)| (id.to_owned(), reason.to_owned())));
}

#[test]
fn a_step_given_up_is_shown_with_its_run() {
    let letters = DeadLetters(in_memory());
    let step = steps(&decision("e1", "jane", 0, vec![verdict("a", Truth::True, &["staff"])])).remove(0);
    let letter = DeadLetter {
        stage: Stage::Executor,
        user: step.user.clone(),
        step: Some(step.clone()),
        ..letter(step.key.as_str(), "jane", 1)
    };
    add(letters, &letter);
    let row = list(letters).remove(0);
    assert_eq!((row.user.as_str(), row.user_name.as_deref(), row.at), ("u-jane", Some("jane"), at(1)));
    let step = serde_json::to_string(&row.step).expect("JSON");
    assert_eq!(step, r#"{"run":"e1.a","scheme":"a","scheme_version":"v1","action":"add_groups","target":"staff"}"#);
}
