//! Patterns of whole numbers within bounds: a number may be written in quotes, where JSON Schema's `minimum` says
//! nothing.

/// A regular expression, without anchors, of the numbers from `least` to `most`, both in decimal without leading zeros.
pub(in crate::config) fn pattern(least: &str, most: &str) -> String {
    let mut parts = Vec::new();
    for length in least.len()..=most.len() {
        let shortest = if length == 1 { "0".to_owned() } else { format!("1{}", "0".repeat(length - 1)) };
        let from = if length == least.len() { least } else { &shortest };
        let longest = "9".repeat(length);
        let to = if length == most.len() { most } else { &longest };
        between(from, to, "", &mut parts);
    }
    parts.join("|")
}

/// The numbers from `from` to `to`, which have as many digits, behind `head`.
fn between(from: &str, to: &str, head: &str, parts: &mut Vec<String>) {
    let (Some(first), Some(last)) = (from.chars().next(), to.chars().next()) else {
        return parts.push(head.to_owned());
    };
    let (from, to) = (&from[1..], &to[1..]);
    let (low, high) = ("0".repeat(from.len()), "9".repeat(from.len()));
    if first == last {
        return between(from, to, &format!("{head}{first}"), parts);
    }
    let (mut begin, mut end) = (first, last);
    if from != low {
        between(from, &high, &format!("{head}{first}"), parts);
        begin = char::from(first as u8 + 1);
    }
    let is_cut = to != high;
    if is_cut {
        end = char::from(last as u8 - 1);
    }
    if begin <= end {
        let digit = if begin == end { begin.to_string() } else { format!("[{begin}-{end}]") };
        let rest = match from.len() {
            0 => String::new(),
            1 => "[0-9]".to_owned(),
            length => format!("[0-9]{{{length}}}"),
        };
        parts.push(format!("{head}{digit}{rest}"));
    }
    if is_cut {
        between(&low, to, &format!("{head}{last}"), parts);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_that_of_the_numbers_within_the_bounds() {
        for (least, most) in [(0, 0), (1, 100), (0, 100), (1, 64), (7, 7), (19, 21), (95, 1234), (0, 999), (100, 101)] {
            let text = pattern(&u32::to_string(&least), &u32::to_string(&most));
            let schema = serde_json::json!({ "pattern": format!("^({text})$") });
            let matches = jsonschema::draft202012::new(&schema).expect("a schema");
            for number in 0..2_000 {
                let is_within = (least..=most).contains(&number);
                assert_eq!(matches.is_valid(&number.to_string().into()), is_within, "{number} by {text}");
            }
        }
        assert_eq!(pattern("1", "100"), "[1-9]|[1-9][0-9]|100");
    }
}
