//! The schema of the records, as one version has it, and what tells two versions apart.

use std::collections::BTreeSet;

use protox::prost_reflect::{
    DescriptorPool, DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, ReflectMessage, Value,
};
use usher::log::Stream;

/// The schema of the present code.
pub const NOW: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/proto/usher/v1/records.proto");

/// All messages of one version.
pub struct Schema(DescriptorPool);

impl Schema {
    /// That of the version before.
    pub fn of_before() -> Self {
        Self::compile(super::fixture::FOLDER, "records.proto")
    }

    /// That of the present code.
    pub fn of_now() -> Self {
        Self::compile(NOW.trim_end_matches("/records.proto"), "records.proto")
    }

    fn compile(folder: &str, file: &str) -> Self {
        let files = protox::compile([file], [folder]).expect("it compiles");
        Self(DescriptorPool::from_file_descriptor_set(files).expect("it fits together"))
    }

    /// A record as this version reads it.
    pub fn reads(&self, stream: Stream, payload: &[u8]) -> DynamicMessage {
        DynamicMessage::decode(self.message(name_of(stream)), payload).expect("a message of its stream")
    }

    /// Whether this version has the stream.
    pub fn has(&self, stream: Stream) -> bool {
        self.0.get_message_by_name(&format!("usher.v1.{}", name_of(stream))).is_some()
    }

    fn message(&self, name: &str) -> MessageDescriptor {
        self.0.get_message_by_name(&format!("usher.v1.{name}")).expect("a message of the schema")
    }

    /// Each case of each `oneof` and each value of each enum but the first, which stands for none.
    pub fn all_choices(&self) -> BTreeSet<String> {
        let cases = self.0.all_messages().flat_map(|message| {
            let oneofs: Vec<_> = message.oneofs().filter(|oneof| !is_optional(oneof.name())).collect();
            oneofs
                .into_iter()
                .flat_map(|oneof| oneof.fields().map(|field| field.full_name().to_owned()).collect::<Vec<_>>())
        });
        let values = self.0.all_enums().flat_map(|choice| {
            let values: Vec<_> = choice.values().filter(|value| value.number() != 0).collect();
            values.into_iter().map(|value| value.name().to_owned())
        });
        cases.chain(values).collect()
    }
}

/// The message that each record of a stream is.
fn name_of(stream: Stream) -> &'static str {
    match stream {
        Stream::Events => "Event",
        Stream::Decisions => "Decision",
        Stream::Outcomes => "OutcomeRecord",
        Stream::DeadLetters => "DeadLetter",
        Stream::Sweeps => "SweepRequest",
        Stream::SweepProgress => "SweepProgress",
        Stream::Settings => "Setting",
        Stream::Activity => "Activity",
        Stream::Feeds => "FeedPlace",
        Stream::Claims => "AdministratorClaim",
        Stream::AdminActions => "AdminAction",
    }
}

/// Whether a `oneof` is what the compiler makes of an `optional` field.
fn is_optional(oneof: &str) -> bool {
    oneof.starts_with('_')
}

/// The text at the end of a path of fields, where all of it is there.
pub fn text_at(message: &DynamicMessage, path: &[&str]) -> Option<String> {
    let (first, rest) = path.split_first()?;
    let value = message.has_field_by_name(first).then(|| message.get_field_by_name(first))??;
    match &*value {
        Value::Message(inner) => text_at(inner, rest),
        Value::String(text) if rest.is_empty() => Some(text.clone()),
        _ => None,
    }
}

/// Adds the cases and values that `message` makes use of, here or further down.
pub fn choices(message: &DynamicMessage, seen: &mut BTreeSet<String>) {
    for (field, value) in message.fields() {
        if field.containing_oneof().is_some_and(|oneof| !is_optional(oneof.name())) {
            seen.insert(field.full_name().to_owned());
        }
        for value in one_by_one(value) {
            match (value, field.kind()) {
                (Value::Message(inner), _) => choices(inner, seen),
                (Value::EnumNumber(number), Kind::Enum(choice)) => {
                    seen.extend(choice.get_value(*number).map(|value| value.name().to_owned()));
                }
                _ => {}
            }
        }
    }
}

/// What a record says by a case of a `oneof` or a value of an enum which the version before does not know. Other fields that
/// are new are not lost on it: it did without them before.
pub fn lost(before: &DynamicMessage, now: &DynamicMessage) -> Vec<String> {
    let mut all = Vec::new();
    for (field, value) in now.fields() {
        let known = before.descriptor().get_field(field.number());
        let Some(known) = known else {
            let is_case = field.containing_oneof().is_some_and(|oneof| !is_optional(oneof.name()));
            let has_others = field.containing_oneof().is_some_and(|oneof| has_part(&before.descriptor(), oneof.name()));
            all.extend((is_case && has_others).then(|| field.full_name().to_owned()));
            continue;
        };
        let then = before.get_field(&known);
        for (now, then) in one_by_one(value).into_iter().zip(one_by_one(&then)) {
            all.extend(lost_in(&known, then, now));
        }
    }
    all
}

fn has_part(message: &MessageDescriptor, oneof: &str) -> bool {
    message.oneofs().any(|known| known.name() == oneof)
}

fn lost_in(field: &FieldDescriptor, before: &Value, now: &Value) -> Vec<String> {
    match (before, now, field.kind()) {
        (Value::Message(before), Value::Message(now), _) => lost(before, now),
        (_, Value::EnumNumber(number), Kind::Enum(choice)) if choice.get_value(*number).is_none() => {
            vec![format!("{} = {number}", field.full_name())]
        }
        _ => Vec::new(),
    }
}

fn one_by_one(value: &Value) -> Vec<&Value> {
    match value {
        Value::List(values) => values.iter().collect(),
        value => vec![value],
    }
}

/// What `now` has taken out or changed of what `before` has.
pub fn broken(before: &Schema, now: &Schema) -> Vec<String> {
    let fields = before.0.all_messages().flat_map(|message| message.fields().collect::<Vec<_>>());
    let values = before.0.all_enums().flat_map(|choice| choice.values().collect::<Vec<_>>());
    let changed = fields.filter(|field| !has_field(now, field)).map(|field| format!("{} changed", field.full_name()));
    let gone = values.filter(|value| {
        let choice = now.0.get_enum_by_name(value.parent_enum().full_name());
        choice.and_then(|choice| choice.get_value(value.number())).is_none_or(|now| now.name() != value.name())
    });
    changed.chain(gone.map(|value| format!("{} changed", value.full_name()))).collect()
}

/// Whether `schema` has the same field under the same number.
fn has_field(schema: &Schema, field: &FieldDescriptor) -> bool {
    let message = schema.0.get_message_by_name(field.parent_message().full_name());
    message.and_then(|message| message.get_field(field.number())).is_some_and(|now| {
        let oneof = |field: &FieldDescriptor| field.containing_oneof().map(|oneof| oneof.name().to_owned());
        kind_of(&now) == kind_of(field)
            && now.name() == field.name()
            && now.cardinality() == field.cardinality()
            && oneof(&now) == oneof(field)
    })
}

fn kind_of(field: &FieldDescriptor) -> String {
    match field.kind() {
        Kind::Message(message) => message.full_name().to_owned(),
        Kind::Enum(choice) => choice.full_name().to_owned(),
        plain => format!("{plain:?}"),
    }
}
