//! Refusals: YAML, the top level, the listeners, the log; each with the exact line.

pub(super) mod actions;
pub(super) mod parts;
pub(super) mod schemes;
pub(super) mod together;

use super::assert_refused;

const SYNTAX: &str = "look at indentation, colons and quotes here";

#[test]
fn what_is_not_yaml_is_refused_where_it_stops_being_yaml() {
    for (text, place, why) in [
        ("mode: active\n  admin: {}\n", "2:8", "mapping values are not allowed in this context"),
        ("a: 'b\n", "1:4", "while scanning a quoted scalar, found unexpected end of stream"),
        ("mode: *x", "1:7", "while parsing node, found unknown anchor"),
        ("admin:\n\tlisten: x\n", "2:2", "tabs disallowed within this context (block indentation)"),
    ] {
        assert_eq!(super::refusal(text), format!("usher.yaml:{place}: this is not YAML: {why}; {SYNTAX}"));
    }
}

#[test]
fn what_is_yaml_and_not_a_configuration_is_refused() {
    assert_refused(&[
        ("mode: active\n---\nmode: active\n", "usher.yaml:2:1: a second document begins here; write everything in one"),
        ("mode: !secret x", "usher.yaml:1:7: tags (`!…`) mean nothing to usher; leave the tag out"),
        (
            "[a, b]: c",
            "usher.yaml:1:1: a key must be a single value; write `key: value`, with quotes around a text that begins with `{`",
        ),
        ("just text", "usher.yaml:1:1: found a single value; write keys and values, `key: value`"),
        ("- a\n", "usher.yaml:1:1: found a list; write keys and values, `key: value`"),
    ]);
}

#[test]
fn every_key_that_stands_twice_is_refused_together_with_what_else_is_wrong() {
    assert_refused(&[(
        "mode: activ\nmode: observe\nadmin: { listen: \"127.0.0.1:1\", listen: \"127.0.0.1:2\" }\n",
        "usher.yaml:1:7: `activ` is not known here; did you mean `active`?\n\
         usher.yaml:2:1: `mode` stands here for the second time; keep one of them\n\
         usher.yaml:3:33: `listen` stands here for the second time; keep one of them",
    )]);
}

#[test]
fn unknown_keys_are_refused_with_the_nearest_known_one() {
    let all = "write one of: data_dir, mode, webhooks, admin, console, log, secrets_key, sources, schemes";
    assert_refused(&[
        ("admni: {}", "usher.yaml:1:1: `admni` is not a key here; did you mean `admin`?"),
        ("zzz: 1", &format!("usher.yaml:1:1: `zzz` is not a key here; {all}")),
        ("<<: {}", &format!("usher.yaml:1:1: `<<` is not a key here; {all}")),
        ("smtp: {}", "usher.yaml:1:1: `smtp` is not supported by this version of usher yet; leave it out"),
    ]);
}

#[test]
fn the_top_is_checked() {
    assert_refused(&[
        ("data_dir: \"\"", "usher.yaml:1:11: this is empty; write a value or leave the key out"),
        ("data_dir:\n", "usher.yaml:1:1: `data_dir` has no value; write one or leave the key out"),
        ("mode: passive", "usher.yaml:1:7: `passive` is not known here; write one of: active, observe"),
        ("mode: [active]", "usher.yaml:1:7: found a list; write a single value"),
        ("sources: acme", "usher.yaml:1:10: found a single value; write a list, like `[a, b]`"),
        ("sources: [acme]", "usher.yaml:1:11: found a single value; write keys and values, `key: value`"),
    ]);
}

#[test]
fn the_listeners_are_checked() {
    assert_refused(&[
        ("webhooks: 8080", "usher.yaml:1:11: found a single value; write keys and values, `key: value`"),
        (
            "webhooks: { listen: \"localhost:8080\" }",
            "usher.yaml:1:21: `localhost:8080` is not an IP address with a port; write `127.0.0.1:8080`, say",
        ),
        (
            "webhooks: { max_body: 26MiB }",
            "usher.yaml:1:23: `26MiB` is not a size from 1KiB to 25MiB; write `1MiB`, `512KiB` or a number of bytes",
        ),
        (
            "admin: { listen: \"127.0.0.1:8080\" }",
            "usher.yaml:1:18: webhooks listen on 127.0.0.1:8080 and admin on 127.0.0.1:8080; give each a port of its own",
        ),
        (
            "webhooks: { listen: \"0.0.0.0:8081\" }",
            "usher.yaml:1:21: webhooks listen on 0.0.0.0:8081 and admin on 127.0.0.1:8081; give each a port of its own",
        ),
    ]);
}

#[test]
fn the_log_is_checked() {
    assert_refused(&[
        ("log: { kind: kafak }", "usher.yaml:1:14: `kafak` is not known here; did you mean `kafka`?"),
        (
            "log: { kafka: { brokers: [] } }",
            "usher.yaml:1:26: no broker stands here; write `[\"localhost:9092\"]`, say",
        ),
        ("log: { kafka: { brokers: \"a:1\" } }", "usher.yaml:1:26: found a single value; write a list, like `[a, b]`"),
        (
            "log: { kafka: { brokers: [\"a:1,b:2\", nope, \"h:0\"] } }",
            "usher.yaml:1:27: `a:1,b:2` is not a broker; write `host:port`, each in an item of its own\n\
             usher.yaml:1:38: `nope` is not a broker; write `host:port`, each in an item of its own\n\
             usher.yaml:1:44: `h:0` is not a broker; write `host:port`, each in an item of its own",
        ),
        (
            "log: { kafka: { topic_prefix: \"a/b\" } }",
            "usher.yaml:1:31: `a/b` can't begin a topic's name; write up to 200 of a-z, A-Z, 0-9, `.`, `_`, `-`",
        ),
        (
            "log: { kafka: { partitions: 1001, replication_factor: 0 } }",
            "usher.yaml:1:29: `1001` does not fit here; write a whole number from 1 to 1000\n\
             usher.yaml:1:55: `0` does not fit here; write a whole number from 1 to 32767",
        ),
        (
            "log: { kafka: { options: [a], partitions: many } }",
            "usher.yaml:1:26: found a list; write keys and values, `key: value`\n\
             usher.yaml:1:43: `many` does not fit here; write a whole number from 1 to 1000",
        ),
        ("log: { kafka: { options: { a: [b] } } }", "usher.yaml:1:31: found a list; write a single value"),
    ]);
}
