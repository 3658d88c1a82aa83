//! Accepted templates, and the texts made from them.

use super::*;

fn render(template: &str) -> String {
    let texts = [("user.name", "jane"), ("user.groups", "a, b"), ("source", "acme"), ("user.email", "{{ source }}")];
    let texts = texts.into_iter().map(|(name, text)| (name, Some(text.to_owned()))).collect();
    assert_eq!(check_template(template), Ok(()), "{template}");
    Names::nested(&texts).render(template).expect(template)
}

#[test]
fn names_are_replaced_and_what_is_not_known_is_called_so() {
    let cases = [
        ("no names at all: 100 % { }", "no names at all: 100 % { }"),
        ("{{ user.name }} of {{source}}: {{ user.groups }}", "jane of acme: a, b"),
        ("{{ user.name | upper }} {{ user.created }}", "JANE unknown"),
        ("{{ 'no mail' if user.email == 'unknown' else user.email }}", "{{ source }}"),
        ("<b>{{ user.name ~ '&' }}</b>", "<b>jane&</b>"),
    ];
    for (template, expected) in cases {
        assert_eq!(render(template), expected);
    }
}

#[test]
fn what_is_wrong_is_refused_with_what_to_write() {
    let deep = format!("{{{{ {}1 }}}}", "1+".repeat(140));
    let cases = [
        ("{{ user.nmae }}", "there is no `user.nmae` in templates"),
        ("{{ user }}", "there is no `user` in templates"),
        ("{{ name }}", "user.name"),
        ("{{ user['name'] }}", "there is no `user`"),
        ("{{ user.name", "not closed"),
        ("{{ }}", "can't be read"),
        ("{{ user.name | title }}", "unknown filter"),
        ("{{ range(10) }}", "there is no `range`"),
        ("{{ user.name.upper() }}", "there is no `user.name.upper`"),
        ("{% for x in user.groups %}{% endfor %}", "leave out the `{% ... %}`"),
        ("{{ 'x' * 1000000 }}", "leave out the `*`"),
        ("{{ '}}' * 1000000 }}", "a quote is not closed"),
        (&"x".repeat(40_000), "longer than 4096 bytes"),
        (&format!("{{{{ '{}' }}}}", "x".repeat(400)), "longer than 300 bytes"),
    ];
    for (template, expected) in cases {
        let message = check_template(template).expect_err(template).to_string();
        assert!(message.contains(expected), "{template}: {message}");
    }
    assert_eq!(check_template(&deep), Ok(()));
}

#[test]
fn nothing_escapes_the_bounds() {
    for (template, expected) in [
        (r#"{{ "'" ~ '}}' ~ 'x' * 90000000 }}"#, "one kind of quotes"),
        (r"{{ '\'}}' ~ 'x' * 90000000 }}", r"leave out the `\`"),
        (r#"{{ "\"}}" ~ 'x' * 90000000 }}"#, r"leave out the `\`"),
        ("{{ '}}' ~ 'x' * 90000000 }}", "a quote is not closed"),
        ("{{ {'a': {}}}['a'] ~ 'x' * 90000000 }}", "leave out the `{`"),
        ("{{ {'a': 1}}}", "leave out the `{`"),
        ("{# {{ #}{{ ' }} ' * 90000000 }}", "leave out the `{# ... #}`"),
        ("{# {{ '}} #}", "leave out the `{# ... #}`"),
        ("{{{{ 'x' * 90000000 }}", "not closed"),
        (&format!("{{{{ \"'\" ~ '}}}}' ~ {}1 }}}}", "1+".repeat(1_600)), "one kind of quotes"),
    ] {
        let message = check_template(template).expect_err(template).to_string();
        assert!(message.contains(expected), "{template}: {message}");
        let unchecked = Names::unknown().render(template).expect_err(template).to_string();
        assert_eq!(unchecked, message, "what was not checked is not rendered either");
    }
}

#[test]
fn the_longest_expressions_need_less_than_half_of_a_thread_s_stack() {
    let read = || {
        for expression in [
            format!("{}1", "1+".repeat(145)),
            format!("{}1", "-".repeat(290)),
            format!("{}1", "not ".repeat(70)),
            format!("user.name{}", ".a".repeat(140)),
            format!("user.name{}", "[0]".repeat(90)),
            format!("user.name{}", "[:]".repeat(90)),
            format!("{}1{}", "(".repeat(140), ")".repeat(140)),
            format!("{}1{}", "[".repeat(140), "]".repeat(140)),
            format!("source{}", "|upper".repeat(45)),
        ] {
            // It is refused or rendered, and comes back.
            let _ = check_template(&format!("{{{{{expression}}}}}"));
            let _ = Names::unknown().render(&format!("{{{{{expression}}}}}"));
        }
    };
    std::thread::Builder::new().stack_size(1 << 20).spawn(read).expect("a thread").join().expect("no overflow");
}

#[test]
fn what_is_put_in_is_cut() {
    let texts = [("user.groups", Some("ä".repeat(1 << 20)))].into_iter().collect();
    let names = Names::nested(&texts);
    let rendered = names.render(&"{{user.groups}}".repeat(270)).expect("it is rendered");
    assert!(rendered.len() <= MAX_RENDERED && rendered.len() > MAX_RENDERED - 2, "{}", rendered.len());
    let length = names.render("{{ user.groups[32766:] }}").expect("it is rendered");
    assert_eq!(length, "", "each name is cut before anything is made of it");
}
