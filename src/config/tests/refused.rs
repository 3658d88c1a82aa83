#[test]
fn show() {
    let s = |x: &str| super::with_scheme(x);
    for text in [
        "mode: active\n  admin: {}\n",
        "a: 'b\n",
        "mode: *x",
        "mode: active\nmode: observe\nadmin: { listen: \"127.0.0.1:1\", listen: \"127.0.0.1:2\" }\n",
        "mode: active\n---\nmode: active\n",
        "mode: !secret x",
        "[a, b]: c",
        "just text", "- a\n",
        "\tmode: active",
        "smtp: { host: localhost }", "admni: {}", "zzz: 1", "<<: {}",
        "data_dir: \"\"", "mode: passive", "mode: [active]", "mode: Active",
        "webhooks: { listen: \"localhost:8080\" }", "webhooks: { max_body: 26MiB }","webhooks: 8080",
        "webhooks: { listen: \"0.0.0.0:8081\" }", "admin: { listen: \"127.0.0.1:8080\" }", "admin: { listen: [::1]:80 }",
        "log: { kind: kafak }", "log: { kafka: { brokers: [] } }", "log: { kafka: { brokers: [\"a:1,b:2\", nope, \"h:0\"] } }",
        "log: { kafka: { brokers: \"a:1\" } }",
        "log: { kafka: { topic_prefix: \"a/b\" } }",
        "log: { kafka: { partitions: 0, replication_factor: 0 } }","log: { kafka: { partitions: 1001 } }","log: { kafka: { options: [a], partitions: many } }", "log: { kafka: { options: { a: [b] } } }",
        "sources: acme", "sources: [acme]", "sources:\n- id: acme\n", "sources:\n- id: Acme\n  product: jira\n  base_url: jira.example\n  auth: {}\n",
        "sources:\n- product: crowd\n  feed: {}\n  webhook: { bearer: [], hmac: { env: A } }\n  rate: { per_second: 0, concurrency: 65 }\n  credentials_expire: 1.3.2027\n",
        "sources:\n- { id: , auth: { bearer: x, basic: {} } }\n- { id: a, auth: { basic: { username: \"a:b\", pasword: 1 } } }\n- { id: b, auth: { baerer: { env: TOKEN } } }",
        "sources: [{ base_url: \"http://jira.example\" }, { base_url: \"ftp://j\" }, { base_url: \"https://j/?a\" }, { base_url: \"https://u@j/\" }]",
        "sources:\n- { id: a, product: jira-dc, base_url: \"https://j\", auth: { bearer: { env: TOKEN } } }\n- { id: a }\n",
        &s("schemes:\n- id: s\n"),
        &s("schemes:\n- { id: s, source: acmee, trigger: on_crate, select: {}, actions: [] }\n- { id: s, source: zzz, trigger: manual, select: , actions: add }\n"),
        &s("schemes:\n- trigger: { cron: \"0 3 * * *\", timezone: UTC }\n  select: { everyone: yes, where: 'x', email_domain: [a@b], emaildomain: [] }\n  limits: {}\n  audit: { application_log: false, report: [csv] }\n"),
        &s("schemes:\n- trigger: { on_login: {} }\n  select: { everyone: false, email_domain: [] }\n  test_mode: 1\n  only_groups: [\"\"]\n  exempt: { user: [a] }\n  actions:\n  - add_groups: [A, \" \"]\n  - remove_groups: []\n  - delete: {}\n  - add_groups: [b]\n    remove_groups: [c]\n  - {}\n"),
        &s("schemes:\n- actions:\n  - add_groups: [Staff, vpn]\n  - remove_groups: [staff]\n"),
        "schemes: [{ source: acme }]",
        "sources: [{ id: NO }]\nschemes: [{ source: acme }]",
        "sources: [{id: a}, {id: a}]\nschemes: [{ id: b, only_groups: }, {id: b, enabled: }]",
    ] {
        println!("--- {text}\n{}", super::refusal(text));
    }
}
