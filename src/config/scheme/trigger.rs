//! The trigger of a scheme.

use serde::{Serialize, Serializer};

use crate::{
    config::{
        reader::{
            MAX_NAME, MAX_PARSED, Reader, nearest,
            node::{Content, Node},
        },
        shape::{
            key::Key,
            object::Object,
            texts::Text,
            values::{AnyOf, Choice},
            written,
        },
    },
    domain::{InvalidSchedule, Schedule, Trigger, TriggerKind},
};

/// The hint for a missing or wrong trigger.
pub(in crate::config) const TRIGGERS: &str =
    "write `on_create`, `on_login`, `manual` or `{ cron: \"0 3 * * MON\", timezone: Europe/Berlin }`";

/// The triggers that a word names.
static BY_NAME: Choice<TriggerKind> = Choice(&[
    (TriggerKind::OnCreate.as_str(), TriggerKind::OnCreate),
    (TriggerKind::OnLogin.as_str(), TriggerKind::OnLogin),
    (TriggerKind::Manual.as_str(), TriggerKind::Manual),
]);

static CRON: Key<Text> = Key::needed(
    "cron",
    "write five fields, `cron: \"0 3 * * MON\"` for Mondays at three, say",
    "When: minute, hour, day of month, month and day of week, or one of `@hourly`, `@daily`, `@weekly`, `@monthly`, `@yearly`.",
    Text::PLAIN.at_most(MAX_PARSED).like(&["0 3 * * MON", "@daily"]),
);
static TIMEZONE: Key<Text> = Key::new(
    "timezone",
    "The time zone of `cron`, a name of the IANA database. Left out: `UTC`.",
    Text::PLAIN.at_most(MAX_NAME).like(&["UTC", "Europe/Berlin", "Pacific/Auckland"]),
);
static SCHEDULE: Object =
    Object::new("Schedule", "By the clock, over all users of the source.", || vec![&CRON, &TIMEZONE])
        .like("{ cron: \"0 3 * * MON\", timezone: Europe/Berlin }");

/// A scheme's `trigger`.
pub(in crate::config) static TRIGGER: AnyOf = AnyOf(&[&BY_NAME, &SCHEDULE]);

/// Reads a scheme's `trigger`.
pub(in crate::config) fn trigger(node: &Node, reader: &mut Reader<'_>) -> Option<Trigger> {
    match &node.content {
        Content::Scalar { .. } => reader.parsed(node, by_name),
        Content::Map(_) | Content::List(_) => schedule(node, reader),
    }
}

fn by_name(text: &str) -> Result<Trigger, String> {
    match BY_NAME.0.iter().find(|(name, _)| *name == text) {
        Some((_, TriggerKind::OnCreate)) => Ok(Trigger::OnCreate),
        Some((_, TriggerKind::OnLogin)) => Ok(Trigger::OnLogin),
        Some((_, TriggerKind::Manual)) => Ok(Trigger::Manual),
        Some((_, TriggerKind::Schedule)) | None => {
            let names: Vec<&str> = BY_NAME.0.iter().map(|(name, _)| *name).collect();
            Err(match nearest(text, &names) {
                Some(name) => format!("`{text}` is not known here; did you mean `{name}`?"),
                None => format!("`{text}` is not known here; {TRIGGERS}"),
            })
        }
    }
}

fn schedule(node: &Node, reader: &mut Reader<'_>) -> Option<Trigger> {
    let mut fields = SCHEDULE.open(node, reader)?;
    let cron_node = fields.needed_node(&CRON, reader);
    let timezone_node = fields.node(&TIMEZONE);
    fields.done(reader);
    let cron_node = cron_node?;
    let cron = reader.within(cron_node, MAX_PARSED)?;
    let timezone = timezone_node.map_or(Some("UTC"), |node| {
        reader.filled(node)?;
        reader.within(node, MAX_NAME)
    })?;
    match Schedule::parse(cron, timezone) {
        Ok(schedule) => Some(Trigger::Schedule(Box::new(schedule))),
        Err(error) => {
            let at = match &error {
                InvalidSchedule::Timezone(_) => timezone_node.unwrap_or(cron_node),
                InvalidSchedule::Pattern(_) | InvalidSchedule::Dialect { .. } | InvalidSchedule::Never(_) => cron_node,
            };
            reader.refuse(&at.at, error.to_string())
        }
    }
}

impl Serialize for Trigger {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Schedule(schedule) => {
                let mut map = written::begin(serializer)?;
                map.put(&CRON, schedule.pattern())?;
                map.put(&TIMEZONE, schedule.timezone().name())?;
                map.end()
            }
            other => serializer.serialize_str(other.kind().as_str()),
        }
    }
}
