use super::*;
use crate::domain::Expression;

#[test]
fn experiment() {
    let n: usize = std::env::var("N").unwrap_or("2000".into()).parse().unwrap();
    let which = std::env::var("W").unwrap_or_default();
    let text = match which.as_str() {
        "plus" => format!("1{} == 1", "+1".repeat(n)),
        "and" => format!("true{}", "&&true".repeat(n)),
        "paren" => format!("{}true{}", "(".repeat(n), ")".repeat(n)),
        "not" => format!("{}true", "!".repeat(n)),
        "neg" => format!("{}1 == 1", "-".repeat(n)),
        "dot" => format!("user{}", ".a".repeat(n)),
        "idx" => format!("user.groups{} == 'a'", "[0]".repeat(n)),
        "list" => format!("{}{}==[]", "[".repeat(n), "]".repeat(n)),
        "tern" => format!("{}true{}", "true?".repeat(n), ":true".repeat(n)),
        "tern2" => format!("{}true", "true?true:".repeat(n)),
        "call" => format!("user.name{}==''", ".size()".repeat(n)),
        "rel" => format!("1{}", "==1".repeat(n)),
        "map" => format!("[1]{} == [1]", ".map(x,x)".repeat(n)),
        _ => "user.groups.exists(g, g == 'ä' && user.emial == 'x')".into(),
    };
    let begin = std::time::Instant::now();
    let read = check::read(&Expression::new(text));
    println!("{which} {n} read {:?} {:?}", begin.elapsed(), read.as_ref().err().map(|e| e.to_string()));
    if let Ok(read) = read {
        let facts = crate::domain::Facts::unknown(crate::domain::Missing::NotTold);
        let begin = std::time::Instant::now();
        let came = read.work_out(&Subject { user: None, facts: &facts, now: Timestamp::from_millis(0) });
        println!("worked out {:?} {}", begin.elapsed(), matches!(came, CameTo::Answer(_)));
    }
}
