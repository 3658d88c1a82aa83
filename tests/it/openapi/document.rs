//! One product's extract of Atlassian's OpenAPI documents.

use std::path::Path;

use jsonschema::Draft;
use serde_json::{Value, json};
use usher::domain::Product;

use super::{
    exceptions::{Exception, stricter},
    schema::{Way, translated},
};

/// What the document says, with the exceptions.
pub struct Document {
    product: Product,
    document: Value,
}

impl Document {
    /// The extract of a product, as `tests/openapi/extract.py` made it.
    pub fn of(product: Product, exceptions: &[Exception]) -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/openapi/{product}.json"));
        let text = std::fs::read(&path).expect("an extract");
        let mut document: Value = serde_json::from_slice(&text).expect("an extract is JSON");
        for exception in exceptions.iter().chain(&stricter()).filter(|exception| exception.product == product) {
            exception.amend(&mut document);
        }
        Self { product, document }
    }

    /// What it says of `method` on `path`.
    pub fn operation(&self, method: &str, path: &str) -> Option<&Value> {
        self.document["paths"].get(self.template(path)?)?.get(method.to_lowercase())
    }

    /// The path as the document writes it.
    pub fn template(&self, path: &str) -> Option<&str> {
        self.document["paths"].as_object()?.keys().find(|template| fits(template, path)).map(String::as_str)
    }

    /// All operations, as `METHOD /path`.
    pub fn operations(&self) -> impl Iterator<Item = String> {
        let paths = self.document["paths"].as_object().into_iter().flatten();
        paths.flat_map(|(path, item)| {
            let methods = item.as_object().into_iter().flatten();
            methods.map(move |(method, _)| format!("{} {path}", method.to_uppercase()))
        })
    }

    /// Follows a reference to a component, once.
    pub fn resolved<'a>(&'a self, schema: &'a Value) -> &'a Value {
        let target =
            schema["$ref"].as_str().and_then(|reference| self.document.pointer(reference.trim_start_matches('#')));
        target.unwrap_or(schema)
    }

    /// What is wrong with `value` by `schema`, by place.
    pub fn faults(&self, schema: &Value, way: Way, value: &Value) -> Vec<String> {
        // In draft 4, what stands beside a reference is passed over; so the reference stands apart.
        let whole = json!({
            "allOf": [translated(schema, way)],
            "components": { "schemas": translated_each(&self.document["components"]["schemas"], way) },
        });
        let options = jsonschema::options().with_draft(Draft::Draft4).should_validate_formats(true);
        let validator = options.build(&whole).expect("a schema of the document can be read");
        validator.iter_errors(value).map(|error| format!("{error} (at {:?})", error.instance_path().as_str())).collect()
    }

    /// The schema for refusals without one of their own: what the extract has for that.
    pub fn refusal(&self) -> Value {
        let schemas: &[&str] = match self.product {
            Product::JiraDc | Product::JiraCloud => &["ErrorCollection"],
            Product::AtlassianOrg => &["Errors.ApplicationErrors.Model", "ProxyError"],
            other => unreachable!("{other} has no extract yet"),
        };
        let one = |schema: &&str| json!({ "$ref": format!("#/components/schemas/{schema}") });
        json!({ "anyOf": schemas.iter().map(one).collect::<Vec<_>>() })
    }
}

/// The schemas by name: a name is not a word of the language, even where it looks like one.
fn translated_each(schemas: &Value, way: Way) -> Value {
    let schemas = schemas.as_object().into_iter().flatten();
    Value::Object(schemas.map(|(name, schema)| (name.clone(), translated(schema, way))).collect())
}

/// Whether `path` is one of those that `template` stands for: `{name}` is one segment, whatever it is.
fn fits(template: &str, path: &str) -> bool {
    let (mut wanted, mut given) = (template.split('/'), path.split('/'));
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return true,
            (Some(wanted), Some(given)) if wanted == given => {}
            (Some(wanted), Some(given)) if wanted.starts_with('{') && !given.is_empty() => {}
            _ => return false,
        }
    }
}

#[test]
fn a_path_with_a_name_in_it_stands_for_every_name() {
    assert!(fits("/user/{id}/groups", "/user/17/groups"));
    for other in ["/user//groups", "/user/17", "/user/17/groups/x", "/users/17/groups"] {
        assert!(!fits("/user/{id}/groups", other), "{other}");
    }
}
