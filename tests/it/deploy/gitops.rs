//! The values for Argo CD and Flux, by the schema of the chart.

use serde_json::Value;

use super::{blocks, text, yaml, yaml::documents};

fn fits(name: &str, values: &Value) {
    let schema: Value = serde_json::from_str(&text("helm/usher/values.schema.json")).expect("a schema");
    let schema = jsonschema::validator_for(&schema).expect("a schema");
    let wrong: Vec<_> = schema.iter_errors(values).map(|error| format!("{} {error}", error.instance_path())).collect();
    assert_eq!(wrong, Vec::<String>::new(), "{name}");
    assert!(values.as_object().is_some_and(|values| !values.is_empty()), "{name} has no values");
}

#[test]
fn the_chart_takes_the_values_for_argo_and_flux() {
    let application = yaml("deploy/argocd/application.yaml").remove(0);
    fits("argocd", &application["spec"]["source"]["helm"]["valuesObject"]);
    let release = yaml("deploy/flux/helmrelease.yaml").remove(1);
    fits("flux", &release["spec"]["values"]);
    let page = text("deploy/strimzi/README.md");
    fits("strimzi", &documents(&blocks(&page, "yaml")[0]).remove(0));
}
