//! What sets a scheme off.

use crate::{
    config::reader::{
        LONGEST_NAME, LONGEST_PARSED, Reader,
        fields::Fields,
        nearest,
        node::{Content, Node},
    },
    domain::{InvalidSchedule, Schedule, Trigger},
};

/// What to write where a trigger is missing or wrong.
pub(in crate::config) const TRIGGERS: &str =
    "write `on_create`, `on_login`, `manual` or `{ cron: \"0 3 * * MON\", timezone: Europe/Berlin }`";

const EXAMPLE: &str = "{ cron: \"0 3 * * MON\", timezone: Europe/Berlin }";

/// Reads a scheme's `trigger`.
pub(in crate::config) fn trigger(node: &Node, reader: &mut Reader<'_>) -> Option<Trigger> {
    match &node.content {
        Content::Scalar { .. } => reader.parsed(node, by_name),
        Content::Map(_) | Content::List(_) => schedule(node, reader),
    }
}

fn by_name(text: &str) -> Result<Trigger, String> {
    match text {
        "on_create" => Ok(Trigger::OnCreate),
        "on_login" => Ok(Trigger::OnLogin),
        "manual" => Ok(Trigger::Manual),
        other => Err(match nearest(other, &["on_create", "on_login", "manual"]) {
            Some(name) => format!("`{other}` is not known here; did you mean `{name}`?"),
            None => format!("`{other}` is not known here; {TRIGGERS}"),
        }),
    }
}

fn schedule(node: &Node, reader: &mut Reader<'_>) -> Option<Trigger> {
    let mut fields = Fields::like(node, EXAMPLE, reader)?;
    let cron_node =
        fields.required("cron", "write five fields, `cron: \"0 3 * * MON\"` for Mondays at three, say", reader);
    let timezone_node = fields.get("timezone");
    fields.done(reader);
    let cron_node = cron_node?;
    let cron = reader.within(cron_node, LONGEST_PARSED)?;
    let timezone = timezone_node.map_or(Some("UTC"), |node| {
        reader.filled(node)?;
        reader.within(node, LONGEST_NAME)
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
