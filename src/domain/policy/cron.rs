//! The cron dialect of schedules: five fields of numbers, names, `*`, ranges, steps and lists.
//!
//! The library that computes the times accepts more. This module refuses forms with another meaning in other schedulers
//! (Quartz's `?`, `#`, `L` and `W`), and forms that the library would silently read as something else. Each refusal
//! says what to write.

use std::fmt;

/// The reason why a pattern is not in the dialect. `Display` says what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Dialect {
    /// Not five fields.
    #[error("it has {0} fields, not five: minute, hour, day of month, month, day of week")]
    Fields(usize),
    /// With seconds, as Quartz writes it.
    #[error(
        "it has {fields} fields, as Quartz has them: leave out the seconds, which come first, and the year{instead}"
    )]
    Quartz {
        /// The number of fields.
        fields: usize,
        /// The same schedule in five fields, if there is one.
        instead: Instead,
    },
    /// `TZ=`, in front.
    #[error("the time zone has a key of its own: write `timezone: Europe/Berlin`, say")]
    TimeZone,
    /// An unknown word.
    #[error("`{0}` is no word for a time; write @hourly, @daily, @weekly, @monthly or @yearly")]
    Word(String),
    /// `?`.
    #[error("`?` in the {0} is Quartz's; write `*`")]
    QuestionMark(Field),
    /// `#`.
    #[error(
        "`{0}` is Quartz's, and cron has no first or last day of its kind; write the days of the month, `1-7` say, with `*` as day of week"
    )]
    Nth(String),
    /// `L`.
    #[error("`{0}` is Quartz's, and cron has no last day; write `28`, a day that each month has, or `1`")]
    Last(String),
    /// `W`.
    #[error(
        "`{0}` is Quartz's, and cron has no nearest weekday; write `MON-FRI` as day of week, with `*` as day of month"
    )]
    Weekday(String),
    /// `H`.
    #[error("`{0}` is Jenkins's; write a number, {1}")]
    Hash(String, Field),
    /// A step without a range.
    #[error("`{item}` is Quartz's; write `{instead}`")]
    StepFromNumber {
        /// As written.
        item: String,
        /// In cron's form.
        instead: String,
    },
    /// An empty item between two commas.
    #[error("a part of the {0} is empty; take out a comma")]
    Empty(Field),
    /// No number or name of that field.
    #[error("`{value}` is no {field}; write {}", field.range())]
    Value {
        /// As written.
        value: String,
        /// The field with the fault.
        field: Field,
    },
    /// A step of 0, or one that is no number.
    #[error("`{0}` is no {1}; a step is a number of 1 or more")]
    NoStep(String, Field),
    /// A range from Sunday to Sunday.
    #[error("`{item}` is one day to some crons and the whole week to others; write `{day}`, or `*`")]
    Week {
        /// As written.
        item: String,
        /// Its day.
        day: String,
    },
    /// The end comes before the beginning.
    #[error("the range `{item}` goes backwards; write `{instead}`")]
    Backwards {
        /// As written.
        item: String,
        /// The same in two ranges.
        instead: String,
    },
    /// A step that never reaches a second value.
    #[error("the step of `{item}` is longer than its range, so that it would come at {first} only; {advice}")]
    Step {
        /// As written.
        item: String,
        /// The only value.
        first: u32,
        /// The text to write instead.
        advice: &'static str,
    },
    /// A step of days, or a list that begins with `*`, together with days of the week.
    #[error(
        "`{0}` together with a day of week means other days to other crons; write the days of the month out, or leave one of the two at `*`"
    )]
    TwoDays(String),
}

/// The same pattern in this dialect, as the end of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instead(Option<String>);

impl fmt::Display for Instead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(pattern) => write!(f, ": `{pattern}` (in Quartz 1 is Sunday, here 1 is Monday; names are the same)"),
            None => Ok(()),
        }
    }
}

/// A field of a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// 0 to 59.
    Minute,
    /// 0 to 23.
    Hour,
    /// 1 to 31.
    DayOfMonth,
    /// 1 to 12, or a name.
    Month,
    /// 0 to 7, where 0 and 7 are Sunday, or a name.
    DayOfWeek,
}

const FIELDS: [Field; 5] = [Field::Minute, Field::Hour, Field::DayOfMonth, Field::Month, Field::DayOfWeek];
const WORDS: [&str; 6] = ["@hourly", "@daily", "@weekly", "@monthly", "@yearly", "@annually"];
const DAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];
const MONTHS: [&str; 12] = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::DayOfMonth => "day of month",
            Self::Month => "month",
            Self::DayOfWeek => "day of week",
        })
    }
}

impl Field {
    const fn bounds(self) -> (u32, u32) {
        match self {
            Self::Minute => (0, 59),
            Self::Hour => (0, 23),
            Self::DayOfMonth => (1, 31),
            Self::Month => (1, 12),
            Self::DayOfWeek => (0, 7),
        }
    }

    const fn range(self) -> &'static str {
        match self {
            Self::Minute => "0 to 59",
            Self::Hour => "0 to 23",
            Self::DayOfMonth => "1 to 31",
            Self::Month => "1 to 12, or JAN to DEC",
            Self::DayOfWeek => "0 to 7 (0 and 7 are Sunday), or MON to SUN",
        }
    }

    const fn names(self) -> &'static [&'static str] {
        match self {
            Self::Minute | Self::Hour | Self::DayOfMonth => &[],
            Self::Month => &MONTHS,
            Self::DayOfWeek => &DAYS,
        }
    }

    /// The range of `*`.
    const fn all(self) -> (u32, u32) {
        match self {
            Self::DayOfWeek => (0, 6),
            other => other.bounds(),
        }
    }

    const fn advice(self) -> &'static str {
        match self {
            Self::Minute => "write the minute, and a step of hours: `0 */2 * * *` for every two hours",
            Self::Hour => "write the hour, and the days: `0 3 */2 * *` for every other day of the month",
            Self::DayOfMonth | Self::Month | Self::DayOfWeek => "write it without a step",
        }
    }

    fn value(self, text: &str) -> Option<u32> {
        let (first, last) = self.bounds();
        let name = || self.names().iter().position(|name| name.eq_ignore_ascii_case(text));
        let number = if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            let offset = u32::from(self == Self::Month);
            u32::try_from(name()?).ok()? + offset
        } else {
            text.parse().ok()?
        };
        (first..=last).contains(&number).then_some(number)
    }

    fn check(self, text: &str) -> Result<(), Dialect> {
        if text.contains('?') {
            return Err(Dialect::QuestionMark(self));
        }
        text.split(',').try_for_each(|item| self.check_item(item))
    }

    fn check_item(self, item: &str) -> Result<(), Dialect> {
        if item.is_empty() {
            return Err(Dialect::Empty(self));
        }
        self.check_foreign(item)?;
        let (range, step) = item.split_once('/').map_or((item, None), |(range, step)| (range, Some(step)));
        let no_value = |value: &str| Dialect::Value { value: value.to_owned(), field: self };
        let value = |text: &str| self.value(text).ok_or_else(|| no_value(text));
        let (first, last) = match range.split_once('-') {
            _ if range == "*" => self.all(),
            Some((first, last)) => {
                let (from, to) = (value(first)?, value(last)?);
                let to = if self == Self::DayOfWeek && to == 0 { until_sunday(item, first, last, from)? } else { to };
                if from > to {
                    return Err(self.backwards(item, first, last));
                }
                (from, to)
            }
            None => {
                let from = value(range)?;
                if step.is_some() {
                    return Err(self.step_from(item, from, step));
                }
                (from, from)
            }
        };
        let Some(step) = step else { return Ok(()) };
        match step.parse::<u32>() {
            Ok(1..) if !step.bytes().all(|byte| byte.is_ascii_digit()) => Err(Dialect::NoStep(item.to_owned(), self)),
            Ok(0) | Err(_) => Err(Dialect::NoStep(item.to_owned(), self)),
            Ok(step) if step > last - first => {
                Err(Dialect::Step { item: item.to_owned(), first, advice: self.advice() })
            }
            Ok(_) => Ok(()),
        }
    }

    /// Refuses the forms of other schedulers.
    fn check_foreign(self, item: &str) -> Result<(), Dialect> {
        let upper = item.to_uppercase();
        let is_name = upper.split(['-', '/']).any(|part| self.names().contains(&part));
        let days = matches!(self, Self::DayOfMonth | Self::DayOfWeek);
        if item.contains('#') {
            return Err(Dialect::Nth(item.to_owned()));
        }
        if days && !is_name && upper.ends_with('W') {
            return Err(Dialect::Weekday(item.to_owned()));
        }
        if days && !is_name && upper.contains('L') {
            return Err(Dialect::Last(item.to_owned()));
        }
        if upper == "H" || upper.starts_with("H/") || upper.starts_with("H(") {
            return Err(Dialect::Hash(item.to_owned(), self));
        }
        Ok(())
    }

    fn backwards(self, item: &str, first: &str, last: &str) -> Dialect {
        let (begin, end) = match self {
            Self::DayOfWeek => ("MON".to_owned(), "SUN".to_owned()),
            _ => (self.bounds().0.to_string(), self.bounds().1.to_string()),
        };
        let rest = if last.eq_ignore_ascii_case(&begin) { begin } else { format!("{begin}-{last}") };
        Dialect::Backwards { item: item.to_owned(), instead: format!("{first}-{end},{rest}") }
    }

    fn step_from(self, item: &str, from: u32, step: Option<&str>) -> Dialect {
        let (first, last) = self.all();
        let step = step.unwrap_or_default();
        let is_possible = step.parse().is_ok_and(|step: u32| (1..=last.saturating_sub(from)).contains(&step));
        let instead = match is_possible {
            true if from == first => format!("*/{step}"),
            true => format!("{from}-{last}/{step}"),
            false => from.to_string(), // such a step matches one value, or none
        };
        Dialect::StepFromNumber { item: item.to_owned(), instead }
    }
}

/// The end of the range `item`, from `first` to `last`, which is Sunday as 0 or by name. Sunday ends a week as well as it
/// begins one: to the library `SUN` is the latter, and 0 never.
fn until_sunday(item: &str, first: &str, last: &str, from: u32) -> Result<u32, Dialect> {
    let is_named = !last.bytes().all(|byte| byte.is_ascii_digit());
    match (from, is_named) {
        (0, false) => Ok(0),
        (0, true) => Err(Dialect::Week { item: item.to_owned(), day: first.to_owned() }),
        (_, true) => Ok(7),
        (7, false) => Err(Dialect::Backwards { item: item.to_owned(), instead: first.to_owned() }),
        (_, false) => Err(Dialect::Backwards { item: item.to_owned(), instead: format!("{first}-7") }),
    }
}

/// Checks that a pattern is in the dialect.
///
/// # Errors
/// If it is not, with what to write.
pub(in crate::domain) fn check(pattern: &str) -> Result<(), Dialect> {
    let fields: Vec<_> = pattern.split_whitespace().collect();
    match fields.as_slice() {
        [word] if word.starts_with('@') => {
            let is_known = WORDS.iter().any(|known| known.eq_ignore_ascii_case(word));
            if is_known { Ok(()) } else { Err(Dialect::Word((*word).to_owned())) }
        }
        [zone, ..] if zone.to_uppercase().starts_with("TZ=") || zone.to_uppercase().starts_with("CRON_TZ=") => {
            Err(Dialect::TimeZone)
        }
        [_, _, day, _, weekday] => {
            FIELDS.iter().zip(&fields).try_for_each(|(field, text)| field.check(text))?;
            // Some crons look at the first character only: a list that begins with a star is unrestricted to them.
            let is_star_with_more = |text: &str| text.starts_with('*') && text != "*";
            match (*day, *weekday) {
                (day, weekday) if is_star_with_more(day) && weekday != "*" => Err(Dialect::TwoDays(day.to_owned())),
                (day, weekday) if is_star_with_more(weekday) && day != "*" => Err(Dialect::TwoDays(weekday.to_owned())),
                _ => Ok(()),
            }
        }
        [_, five @ .., _] if fields.len() == 7 => Err(Dialect::Quartz { fields: 7, instead: from_quartz(five) }),
        [_, five @ ..] if fields.len() == 6 => Err(Dialect::Quartz { fields: 6, instead: from_quartz(five) }),
        fields => Err(Dialect::Fields(fields.len())),
    }
}

/// The same days in this dialect, if it can express them.
fn from_quartz(five: &[&str]) -> Instead {
    let weekday = |text: &str| {
        let number = |part: &str| part.parse::<usize>().ok().and_then(|day| DAYS.get(day.checked_sub(1)?));
        let parts = text.split('-').map(|part| number(part).map_or_else(|| part.to_owned(), |day| (*day).to_owned()));
        parts.collect::<Vec<_>>().join("-")
    };
    let same = |(place, text): (usize, &&str)| match *text {
        "?" => "*".to_owned(),
        text if place == 4 && !text.contains('/') => text.split(',').map(weekday).collect::<Vec<_>>().join(","),
        text => text.to_owned(),
    };
    let pattern = five.iter().enumerate().map(same).collect::<Vec<_>>().join(" ");
    Instead(check(&pattern).is_ok().then_some(pattern))
}

#[cfg(test)]
mod tests {
    mod meaning;

    use super::*;

    #[track_caller]
    fn refused(pattern: &str, says: &str) {
        let error = check(pattern).expect_err(pattern).to_string();
        assert!(error.contains(says), "{pattern}: {error}");
    }

    #[test]
    fn what_cron_writes_is_taken() {
        for pattern in [
            "* * * * *",
            "0 3 * * MON",
            "0 3 * * mon-fri",
            "*/15 9-17 * * 1-5",
            "0 22-23,0-2 * * *",
            "0 3 1,15 * *",
            "0 0 1 1 *",
            "5-59/5 * * * *",
            "0 3 * JAN-MAR/2 *",
            "0 3 * * SAT-SUN",
            "0 3 * * 5-7",
            "0 3 * * 7",
            "0 3 29 2 *",
            "@daily",
            "@Weekly",
            "0 03 * * 0",
            "*/59 * * * *",
            "0 */23 * * *",
            "0 3 13 * FRI",
            "0 3 */2 * *",
            "0 3 * * */2",
            "0 0 1-7 * *",
        ] {
            assert_eq!(check(pattern), Ok(()), "{pattern}");
        }
    }

    #[test]
    fn what_quartz_means_otherwise_is_refused_with_what_to_write() {
        refused("0 3 ? * MON", "write `*`");
        refused("0 3 * * ?", "write `*`");
        refused("0 3 * * MON#1", "`1-7` say");
        refused("0 3 * * 2#1", "`2#1` is Quartz's");
        refused("0 3 L * *", "write `28`");
        refused("0 3 L-3 * *", "write `28`");
        refused("0 3 * * L", "no last day");
        refused("0 3 * * 5L", "no last day");
        refused("0 3 * * FRIL", "no last day");
        refused("0 3 LW * *", "MON-FRI");
        refused("0 3 15W * *", "MON-FRI");
        refused("0/15 * * * *", "write `*/15`");
        refused("5/15 * * * *", "write `5-59/15`");
        refused("0/70 * * * *", "Quartz's; write `0`");
        refused("5/0 * * * *", "Quartz's; write `5`");
        refused("5/54 * * * *", "write `5-59/54`");
        refused("5/55 * * * *", "write `5`");
        refused("0 3 * * 7/2", "write `7`");
        refused("0 0 3 ? * MON", "`0 3 * * MON`");
        refused("0 0 3 ? * 2-6", "`0 3 * * MON-FRI`");
        refused("0 0 3 ? * 1,7", "`0 3 * * SUN,SAT`");
        refused("0 0 3 * * ? 2027", "`0 3 * * *`");
        refused("0 0 3 L * ?", "leave out the seconds");
        refused("* * * * * *", "`* * * * *`");
        refused("H 3 * * *", "Jenkins's");
    }

    #[test]
    fn a_step_that_never_comes_to_a_second_time_is_refused() {
        for pattern in [
            "*/90 * * * *",
            "*/60 * * * *",
            "0 */25 * * *",
            "0 */24 * * *",
            "0 3 */31 * *",
            "0 3 * */12 *",
            "0 3 * * */7",
        ] {
            refused(pattern, "longer than its range");
        }
        refused("*/90 * * * *", "`0 */2 * * *`");
        refused("10-20/15 * * * *", "at 10 only");
        refused("*/0 * * * *", "no minute; a step is a number of 1 or more");
        refused("0 1-5/0 * * *", "no hour; a step is a number of 1 or more");
        refused("*/x * * * *", "no minute");
        refused("*/+5 * * * *", "no minute");
        refused("*/4294967296 * * * *", "no minute");
    }

    #[test]
    fn what_the_library_reads_as_something_else_is_refused() {
        refused("0 3 * * FRI-MON", "write `FRI-SUN,MON`");
        refused("0 3 * * SUN-SUN", "write `SUN`, or `*`");
        refused("0 3 * * 0-sun", "write `0`, or `*`");
        refused("0 3 * * 6-0", "write `6-7`");
        refused("0 3 * * FRI-0", "write `FRI-7`");
        refused("0 3 * * 7-0", "write `7`");
        refused("0 22-2 * * *", "write `22-23,0-2`");
        refused("JAN 3 * * *", "`JAN` is no minute");
        refused("0 3 MON * *", "`MON` is no day of month");
        refused("0 3 * MON *", "`MON` is no month");
        refused("0 3 * * SUNMON", "no day of week");
        refused("0 3 * * MONDAY", "or MON to SUN");
        refused("0 3 * * +MON", "no day of week");
        refused("60 3 * * *", "write 0 to 59");
        refused("0 24 * * *", "write 0 to 23");
        refused("0 3 0 * *", "write 1 to 31");
        refused("0 3 32 * *", "write 1 to 31");
        refused("0 3 * 13 *", "write 1 to 12");
        refused("0 3 * * 8", "write 0 to 7");
        refused("0 3 1,,2 * *", "take out a comma");
        refused("0, 3 * * *", "take out a comma");
        refused("0 3 1\u{2013}5 * *", "no day of month");
        refused("\u{ff10} 3 * * *", "no minute");
        refused("+0 3 * * *", "no minute");
        refused("-5 3 * * *", "no minute");
        refused("/10 * * * *", "no minute");
        refused("*-5 * * * *", "no minute");
        refused("** * * * *", "no minute");
        refused("1-2-3 * * * *", "no minute");
        refused("0 3 */2 * MON", "other crons");
        refused("0 3 1 * */2", "other crons");
        refused("@reboot", "@daily");
        refused("@midnight", "@daily");
        refused("@every 5m", "2 fields");
        refused("CRON_TZ=Europe/Berlin 0 3 * * *", "timezone");
        refused("0 3 * *", "4 fields");
        refused("", "0 fields");
        refused("0 0 0 0 0 0 0 0", "8 fields");
    }
}
