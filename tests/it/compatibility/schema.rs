//! The schema of the records, as one version has it, and what tells two versions apart.

use protox::prost_reflect::{DescriptorPool, FieldDescriptor, Kind};

/// All messages of one version.
pub struct Schema(DescriptorPool);

impl Schema {
    /// That of the version before.
    pub fn of_before() -> Self {
        Self::compile(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/log-of-before"))
    }

    /// That of the present code.
    pub fn of_now() -> Self {
        Self::compile(concat!(env!("CARGO_MANIFEST_DIR"), "/proto/usher/v1"))
    }

    fn compile(folder: &str) -> Self {
        let files = protox::compile(["records.proto"], [folder]).expect("it compiles");
        Self(DescriptorPool::from_file_descriptor_set(files).expect("it fits together"))
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
