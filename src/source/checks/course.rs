//! The course of the checks: the credentials first, then the rest, a few at a time, within ten seconds.

use std::time::Duration;

use futures::{FutureExt, StreamExt, future::BoxFuture, stream};
use tokio::time::{Instant, timeout_at};

use super::{
    Checks, Verdict, What,
    entry::{self, Entry, Trouble},
    remedy::{nameless, remedy},
};
use crate::{
    domain::Product,
    printable,
    products::{Client, Error, Observation, Observed, Right, SeatLimit, Seats, Standing, Told, UserDirectory},
};

/// The time for all checks.
const WHOLE: Duration = Duration::from_secs(10);
/// The time for each call.
const CALL: Duration = Duration::from_secs(5);
/// Calls at a time: enough that one which hangs does not hold up all others.
const AT_ONCE: usize = 3;
/// Webhooks and feeds are judged by times: a larger difference does harm.
const CLOCK_TOLERANCE_MS: u64 = 60_000;
/// The highest number of names in a text.
const NAMED: usize = 10;
/// The longest name of an account that is shown, in characters.
const LONGEST_NAME: usize = 255;

/// The connection that is checked.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    /// Its client.
    pub client: &'a dyn Client,
    /// The product.
    pub product: Product,
    /// Whether the address is one of https.
    pub is_encrypted: bool,
}

/// Checks the connection. Takes ten seconds at most, and changes nothing.
pub async fn check(subject: Subject<'_>) -> Checks {
    let until = Instant::now() + WHOLE;
    let Subject { client, product, is_encrypted } = subject;
    let (told, seen) = ask(until, client.probe()).await;
    let entry = entry::judge(told, seen, is_encrypted);
    let clock = if entry.is_own { clock(seen) } else { Verdict::not_told("the product itself gave no answer") };
    if let Some(why) = entry.stops {
        return Checks::of(None, |what| of_entry(&entry, what, &clock).unwrap_or_else(|| Verdict::not_told(why)));
    }
    let (acting_as, _) = ask(until, client.acting_as()).await;
    let name = acting_as.as_ref().ok().cloned().flatten().map(|name| fit_to_show(&name));
    let who = name.clone().unwrap_or_else(|| nameless(product).to_owned());
    let mut acts_as = Some(acts_as(product, acting_as, name.as_deref()));
    let asked = [
        What::ReadUsers,
        What::ChangeUsers,
        What::ReadGroups,
        What::ReadAuditLog,
        What::LicenceSeats,
        What::Directories,
    ];
    let questions = asked.map(|what| question(subject, until, what, &who));
    let mut answers: Vec<(What, Verdict)> = stream::iter(questions).buffered(AT_ONCE).collect().await;
    Checks::of(name, |what| {
        let place = answers.iter().position(|(answered, _)| *answered == what);
        let answered = place.map(|place| answers.swap_remove(place).1);
        let own = if what == What::ActsAs { acts_as.take() } else { None };
        let verdict = of_entry(&entry, what, &clock).or(own).or(answered);
        verdict.unwrap_or_else(|| Verdict::not_told("it was not asked"))
    })
}

fn of_entry(entry: &Entry, what: What, clock: &Verdict) -> Option<Verdict> {
    match what {
        What::Reached => Some(entry.reached.clone()),
        What::Tls => Some(entry.tls.clone()),
        What::Credentials => Some(entry.credentials.clone()),
        What::Clock => Some(clock.clone()),
        What::ActsAs
        | What::ReadUsers
        | What::ChangeUsers
        | What::ReadGroups
        | What::ReadAuditLog
        | What::LicenceSeats
        | What::Directories => None,
    }
}

/// The answer to a call, with the facts about it.
async fn ask<T>(until: Instant, call: impl Future<Output = Result<T, Error>>) -> (Result<T, Trouble>, Observed) {
    let begun = Instant::now();
    if begun >= until {
        return (Err(Trouble::TimeOver), Observed::default());
    }
    let observation = Observation::default();
    let answer = timeout_at(until.min(begun + CALL), observation.during(call)).await;
    let seen = observation.so_far();
    let told = match answer {
        Ok(told) => told.map_err(Trouble::Error),
        Err(_) if seen.begun => Err(Trouble::Silent(begun.elapsed())),
        Err(_) => Err(Trouble::NoTurn),
    };
    (told, seen)
}

fn question<'a>(subject: Subject<'a>, until: Instant, what: What, who: &'a str) -> BoxFuture<'a, (What, Verdict)> {
    let Subject { client, product, .. } = subject;
    let verdict = async move {
        let right = match what {
            What::ReadUsers => Right::ReadUsers,
            What::ChangeUsers => Right::ChangeUsers,
            What::ReadGroups => Right::ReadGroups,
            What::ReadAuditLog => Right::ReadAuditLog,
            What::LicenceSeats => return told(ask(until, client.seats()).await.0, seats),
            _ => return told(ask(until, client.user_directories()).await.0, directories),
        };
        match ask(until, client.may(right)).await.0 {
            Ok(Standing::Yes) => Ok(Verdict::pass()),
            Ok(Standing::Within(limit)) => Ok(Verdict::pass_with(limit)),
            Ok(Standing::No(why)) => Ok(Verdict::fail(why, remedy(product, what, who))),
            Ok(Standing::NotTold(why)) => Ok(Verdict::not_told(why)),
            Err(trouble) => Err(trouble),
        }
    };
    verdict.map(move |judged| (what, judged.unwrap_or_else(|trouble| troubled(trouble, product, what, who)))).boxed()
}

fn told<T>(answer: Result<Told<T>, Trouble>, judge: fn(T) -> Verdict) -> Result<Verdict, Trouble> {
    answer.map(|told| match told {
        Told::Known(told) => judge(told),
        Told::Not(why) => Verdict::not_told(why),
    })
}

/// The verdict where a question has no answer, although the credentials were accepted.
fn troubled(trouble: Trouble, product: Product, what: What, who: &str) -> Verdict {
    let error = match trouble {
        Trouble::Error(error) => error,
        Trouble::Silent(after) => {
            return Verdict::not_told(format!("no complete answer came within {} s", after.as_secs_f64().round()));
        }
        Trouble::NoTurn => return Verdict::not_told("no turn came in time: usher keeps to the pace of the source"),
        Trouble::TimeOver => return Verdict::not_told("the time for all checks was over"),
    };
    match &error {
        Error::Unauthorized { .. } | Error::Misconfigured(_) | Error::Refused { status: 403, .. } => {
            Verdict::fail(error.to_string(), remedy(product, what, who))
        }
        Error::Intercepted { .. } => Verdict::fail(
            format!("something between usher and the product answered this call: {error}"),
            "have whatever stands there let usher's calls through",
        ),
        Error::Refused { status: 404 | 405, .. } => {
            Verdict::not_told(format!("this version has no such call, it seems: {error}"))
        }
        Error::RateLimited { .. }
        | Error::Unreachable(_)
        | Error::Lost(_)
        | Error::Withheld(_)
        | Error::Unavailable { .. }
        | Error::NoSuchUser
        | Error::Refused { .. }
        | Error::NotSupported(_)
        | Error::Unreadable(_) => Verdict::not_told(error.to_string()),
    }
}

fn acts_as(product: Product, told: Result<Option<String>, Trouble>, name: Option<&str>) -> Verdict {
    match (told, name) {
        (Ok(_), Some(name)) if product == Product::Crowd => {
            Verdict::pass_with(format!("usher is the application {name}, which is no user"))
        }
        (Ok(_), Some(name)) => Verdict::pass_with(format!("usher acts as {name}")),
        (Ok(_), None) if product == Product::AtlassianOrg => {
            Verdict::not_told("the key of an organisation belongs to no account")
        }
        (Ok(_), None) => Verdict::not_told("the product does not tell, or a proxy takes it away"),
        (Err(trouble), _) => troubled(trouble, product, What::ActsAs, nameless(product)),
    }
}

/// A name of the product's, shortened, without what would steer a terminal or a page.
fn fit_to_show(name: &str) -> String {
    printable::on_one_line(&name.chars().take(LONGEST_NAME).collect::<String>())
}

fn clock(seen: Observed) -> Verdict {
    let Some(ahead) = seen.clock_ahead else {
        return Verdict::not_told("its answer has no `Date`, or comes from a cache");
    };
    let (seconds, way) = (ahead.unsigned_abs().div_ceil(1_000), if ahead > 0 { "ahead of" } else { "behind" });
    match ahead.unsigned_abs() {
        ..=1_000 => Verdict::pass(),
        1_001..=CLOCK_TOLERANCE_MS => Verdict::pass_with(format!("its clock is {seconds} s {way} usher's")),
        _ => Verdict::fail(
            format!("its clock is {seconds} s {way} usher's"),
            "set both by a time server: times of logins and of tokens are compared",
        ),
    }
}

fn seats(all: Vec<Seats>) -> Verdict {
    let full: Vec<&str> = all.iter().filter(|one| one.left() == Some(0)).map(|one| one.application.as_str()).collect();
    if !full.is_empty() {
        let why = format!("no seat is left: {}", named(&full));
        return Verdict::fail(why, "free seats or buy some: users can't be added to groups that give access meanwhile");
    }
    let in_words = |one: &Seats| match (one.limit, one.left()) {
        (SeatLimit::Unlimited, _) => format!("{}: unlimited", one.application),
        (SeatLimit::AtMost(seats), Some(left)) => format!("{}: {left} of {seats} left", one.application),
        (SeatLimit::AtMost(_) | SeatLimit::NotTold, _) => format!("{}: not told", one.application),
    };
    let words: Vec<String> = all.iter().map(in_words).collect();
    let is_told = |one: &Seats| one.limit == SeatLimit::Unlimited || one.left().is_some();
    match all.iter().any(is_told) {
        true => Verdict::pass_with(named(&words)),
        false => Verdict::not_told("the product tells of applications, and not of their seats"),
    }
}

fn directories(all: Vec<UserDirectory>) -> Verdict {
    let name = |one: &UserDirectory| {
        let name = one.name.as_deref().or(one.id.as_deref()).unwrap_or("without a name");
        match &one.kind {
            Some(kind) => fit_to_show(&format!("{name} ({kind})")),
            None => fit_to_show(name),
        }
    };
    match all.as_slice() {
        [] => Verdict::not_told("it lists no directory"),
        all => Verdict::pass_with(named(&all.iter().map(name).collect::<Vec<_>>())),
    }
}

fn named<S: AsRef<str>>(names: &[S]) -> String {
    let some: Vec<&str> = names.iter().take(NAMED).map(AsRef::as_ref).collect();
    let more = names.len().saturating_sub(NAMED);
    if more > 0 { format!("{}, and {more} more", some.join(", ")) } else { some.join(", ") }
}
